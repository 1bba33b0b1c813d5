// generated from protos/caffe.proto by scripts/generate-messages.ts; do not edit

/** Packed floats: typed memory where they were read from a file, plain arrays where they were written by hand. */
export type Floats = Float32Array | number[];
export type Doubles = Float64Array | number[];

export const Phase = { TRAIN: 0, TEST: 1 } as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

export const FillerParameter_VarianceNorm = { FAN_IN: 0, FAN_OUT: 1, AVERAGE: 2 } as const;
export type FillerParameter_VarianceNorm =
  (typeof FillerParameter_VarianceNorm)[keyof typeof FillerParameter_VarianceNorm];

export const SolverParameter_SnapshotFormat = { HDF5: 0, BINARYPROTO: 1 } as const;
export type SolverParameter_SnapshotFormat =
  (typeof SolverParameter_SnapshotFormat)[keyof typeof SolverParameter_SnapshotFormat];

export const SolverParameter_SolverMode = { CPU: 0, GPU: 1, FPGA: 2 } as const;
export type SolverParameter_SolverMode = (typeof SolverParameter_SolverMode)[keyof typeof SolverParameter_SolverMode];

export const SolverParameter_SolverType = {
  SGD: 0,
  NESTEROV: 1,
  ADAGRAD: 2,
  RMSPROP: 3,
  ADADELTA: 4,
  ADAM: 5,
} as const;
export type SolverParameter_SolverType = (typeof SolverParameter_SolverType)[keyof typeof SolverParameter_SolverType];

export const ParamSpec_DimCheckMode = { STRICT: 0, PERMISSIVE: 1 } as const;
export type ParamSpec_DimCheckMode = (typeof ParamSpec_DimCheckMode)[keyof typeof ParamSpec_DimCheckMode];

export const LossParameter_NormalizationMode = { FULL: 0, VALID: 1, BATCH_SIZE: 2, NONE: 3 } as const;
export type LossParameter_NormalizationMode =
  (typeof LossParameter_NormalizationMode)[keyof typeof LossParameter_NormalizationMode];

export const ConvolutionParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type ConvolutionParameter_Engine =
  (typeof ConvolutionParameter_Engine)[keyof typeof ConvolutionParameter_Engine];

export const DataParameter_DB = { LEVELDB: 0, LMDB: 1 } as const;
export type DataParameter_DB = (typeof DataParameter_DB)[keyof typeof DataParameter_DB];

export const EltwiseParameter_EltwiseOp = { PROD: 0, SUM: 1, MAX: 2 } as const;
export type EltwiseParameter_EltwiseOp = (typeof EltwiseParameter_EltwiseOp)[keyof typeof EltwiseParameter_EltwiseOp];

export const HingeLossParameter_Norm = { L1: 1, L2: 2 } as const;
export type HingeLossParameter_Norm = (typeof HingeLossParameter_Norm)[keyof typeof HingeLossParameter_Norm];

export const LRNParameter_NormRegion = { ACROSS_CHANNELS: 0, WITHIN_CHANNEL: 1 } as const;
export type LRNParameter_NormRegion = (typeof LRNParameter_NormRegion)[keyof typeof LRNParameter_NormRegion];

export const LRNParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type LRNParameter_Engine = (typeof LRNParameter_Engine)[keyof typeof LRNParameter_Engine];

export const PoolingParameter_PoolMethod = { MAX: 0, AVE: 1, STOCHASTIC: 2 } as const;
export type PoolingParameter_PoolMethod =
  (typeof PoolingParameter_PoolMethod)[keyof typeof PoolingParameter_PoolMethod];

export const PoolingParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type PoolingParameter_Engine = (typeof PoolingParameter_Engine)[keyof typeof PoolingParameter_Engine];

export const PoolingParameter_RoundMode = { CEIL: 0, FLOOR: 1 } as const;
export type PoolingParameter_RoundMode = (typeof PoolingParameter_RoundMode)[keyof typeof PoolingParameter_RoundMode];

export const ReductionParameter_ReductionOp = { SUM: 1, ASUM: 2, SUMSQ: 3, MEAN: 4 } as const;
export type ReductionParameter_ReductionOp =
  (typeof ReductionParameter_ReductionOp)[keyof typeof ReductionParameter_ReductionOp];

export const ReLUParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type ReLUParameter_Engine = (typeof ReLUParameter_Engine)[keyof typeof ReLUParameter_Engine];

export const SigmoidParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type SigmoidParameter_Engine = (typeof SigmoidParameter_Engine)[keyof typeof SigmoidParameter_Engine];

export const SoftmaxParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type SoftmaxParameter_Engine = (typeof SoftmaxParameter_Engine)[keyof typeof SoftmaxParameter_Engine];

export const TanHParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type TanHParameter_Engine = (typeof TanHParameter_Engine)[keyof typeof TanHParameter_Engine];

export const SPPParameter_PoolMethod = { MAX: 0, AVE: 1, STOCHASTIC: 2 } as const;
export type SPPParameter_PoolMethod = (typeof SPPParameter_PoolMethod)[keyof typeof SPPParameter_PoolMethod];

export const SPPParameter_Engine = { DEFAULT: 0, CAFFE: 1, CUDNN: 2 } as const;
export type SPPParameter_Engine = (typeof SPPParameter_Engine)[keyof typeof SPPParameter_Engine];

export const V1LayerParameter_LayerType = {
  NONE: 0,
  ABSVAL: 35,
  ACCURACY: 1,
  ARGMAX: 30,
  BNLL: 2,
  CONCAT: 3,
  CONTRASTIVE_LOSS: 37,
  CONVOLUTION: 4,
  DATA: 5,
  DECONVOLUTION: 39,
  DROPOUT: 6,
  DUMMY_DATA: 32,
  EUCLIDEAN_LOSS: 7,
  ELTWISE: 25,
  EXP: 38,
  FLATTEN: 8,
  HDF5_DATA: 9,
  HDF5_OUTPUT: 10,
  HINGE_LOSS: 28,
  IM2COL: 11,
  IMAGE_DATA: 12,
  INFOGAIN_LOSS: 13,
  INNER_PRODUCT: 14,
  LRN: 15,
  MEMORY_DATA: 29,
  MULTINOMIAL_LOGISTIC_LOSS: 16,
  MVN: 34,
  POOLING: 17,
  POWER: 26,
  RELU: 18,
  SIGMOID: 19,
  SIGMOID_CROSS_ENTROPY_LOSS: 27,
  SILENCE: 36,
  SOFTMAX: 20,
  SOFTMAX_LOSS: 21,
  SPLIT: 22,
  SLICE: 33,
  TANH: 23,
  WINDOW_DATA: 24,
  THRESHOLD: 31,
} as const;
export type V1LayerParameter_LayerType = (typeof V1LayerParameter_LayerType)[keyof typeof V1LayerParameter_LayerType];

export const V1LayerParameter_DimCheckMode = { STRICT: 0, PERMISSIVE: 1 } as const;
export type V1LayerParameter_DimCheckMode =
  (typeof V1LayerParameter_DimCheckMode)[keyof typeof V1LayerParameter_DimCheckMode];

export const V0LayerParameter_PoolMethod = { MAX: 0, AVE: 1, STOCHASTIC: 2 } as const;
export type V0LayerParameter_PoolMethod =
  (typeof V0LayerParameter_PoolMethod)[keyof typeof V0LayerParameter_PoolMethod];

/** Sizes of an array, outermost first; images are N, C, H, W. */
export interface BlobShape {
  dim: number[];
}

/** One array with its gradient: a parameter, a mean image, one entry of a solver's history. */
export interface BlobProto {
  shape: BlobShape | null;
  data: Floats;
  diff: Floats;
  /** Written by double-precision solvers. */
  double_data: Doubles;
  double_diff: Doubles;
  /** The four-axis form that older files use instead of shape. */
  num: number;
  channels: number;
  height: number;
  width: number;
}

/** Several arrays in one file. */
export interface BlobProtoVector {
  blobs: BlobProto[];
}

/** One record of a database: an image (raw C x H x W bytes, or an encoded file) and its label. */
export interface Datum {
  channels: number;
  height: number;
  width: number;
  data: Uint8Array;
  /** Class index. */
  label: number;
  /** Instead of data, for values that are not bytes. */
  float_data: number[];
  /** True where data is a JPEG or PNG file. */
  encoded: boolean;
}

/** How a parameter is filled before training. */
export interface FillerParameter {
  type: string;
  value: number;
  min: number;
  max: number;
  mean: number;
  std: number;
  /** gaussian: expected number of non-zero inputs per output; -1 means all. */
  sparse: number;
  /** xavier and msra: what the variance is divided by. */
  variance_norm: FillerParameter_VarianceNorm;
}

/** A network: a list of layers joined by the names of their blobs. */
export interface NetParameter {
  name: string;
  /** Older way to name inputs; upgraded to an Input layer. Either input_shape, or four input_dim each. */
  input: string[];
  input_shape: BlobShape[];
  input_dim: number[];
  force_backward: boolean;
  state: NetState | null;
  debug_info: boolean;
  /** The number is high on purpose: layers print after everything else. */
  layer: LayerParameter[];
  /** Both older forms of layers. */
  layers: V1LayerParameter[];
}

/** How a network is trained: its nets, update rule, rate policy, display and snapshots. */
export interface SolverParameter {
  /** One of net, net_param, train_net, train_net_param gives the training net. */
  net: string;
  net_param: NetParameter | null;
  train_net: string;
  test_net: string[];
  train_net_param: NetParameter | null;
  test_net_param: NetParameter[];
  train_state: NetState | null;
  test_state: NetState[];
  /** Batches per test, one entry for each test net. */
  test_iter: number[];
  test_interval: number;
  test_compute_loss: boolean;
  test_initialization: boolean;
  base_lr: number;
  display: number;
  /** The displayed loss is the mean over so many iterations. */
  average_loss: number;
  max_iter: number;
  /** Gradients are summed over so many batches before an update. */
  iter_size: number;
  /** fixed, step, exp, inv, multistep, poly or sigmoid. */
  lr_policy: string;
  gamma: number;
  power: number;
  momentum: number;
  /** Factor on the penalty named by regularization_type. */
  weight_decay: number;
  regularization_type: string;
  stepsize: number;
  stepvalue: number[];
  /** Upper limit of the gradient's L2 norm; negative means none. */
  clip_gradients: number;
  snapshot: number;
  snapshot_prefix: string;
  snapshot_diff: boolean;
  snapshot_format: SolverParameter_SnapshotFormat;
  solver_mode: SolverParameter_SolverMode;
  device_id: number;
  random_seed: number;
  /** SGD, Nesterov, AdaGrad, RMSProp, AdaDelta or Adam. */
  type: string;
  /** Keeps divisions finite in AdaGrad, RMSProp, AdaDelta and Adam. */
  delta: number;
  /** Adam's second decay rate. */
  momentum2: number;
  rms_decay: number;
  debug_info: boolean;
  snapshot_after_train: boolean;
  /** Older than `type`. */
  solver_type: SolverParameter_SolverType;
  layer_wise_reduce: boolean;
  /** Weight files to start from, comma-separated. */
  weights: string[];
}

/** What a solver needs beside the weights to go on from a snapshot. */
export interface SolverState {
  iter: number;
  learned_net: string;
  /** One blob per parameter; two sets for Adam and AdaDelta. */
  history: BlobProto[];
  /** Index into stepvalue. */
  current_step: number;
}

/** Phase, level and stages under which a net is built; layers say in their rules where they belong. */
export interface NetState {
  phase: Phase;
  level: number;
  stage: string[];
}

/** A condition on NetState. A layer with include rules joins if one holds, with exclude rules if none does. */
export interface NetStateRule {
  phase: Phase;
  min_level: number;
  max_level: number;
  stage: string[];
  not_stage: string[];
}

/** Per parameter blob: the name under which it is shared, and the factors on rate and decay. */
export interface ParamSpec {
  name: string;
  share_mode: ParamSpec_DimCheckMode;
  lr_mult: number;
  decay_mult: number;
}

/** A layer of today's form: type by name, wiring by blob names, one sub-message of settings per type. */
export interface LayerParameter {
  name: string;
  type: string;
  bottom: string[];
  top: string[];
  phase: Phase;
  /** Weight of each top in the objective. */
  loss_weight: number[];
  param: ParamSpec[];
  /** Trained parameters. */
  blobs: BlobProto[];
  /** Per bottom: whether a gradient is wanted. */
  propagate_down: boolean[];
  include: NetStateRule[];
  exclude: NetStateRule[];
  transform_param: TransformationParameter | null;
  loss_param: LossParameter | null;
  accuracy_param: AccuracyParameter | null;
  argmax_param: ArgMaxParameter | null;
  batch_norm_param: BatchNormParameter | null;
  bias_param: BiasParameter | null;
  clip_param: ClipParameter | null;
  concat_param: ConcatParameter | null;
  contrastive_loss_param: ContrastiveLossParameter | null;
  convolution_param: ConvolutionParameter | null;
  crop_param: CropParameter | null;
  data_param: DataParameter | null;
  dropout_param: DropoutParameter | null;
  dummy_data_param: DummyDataParameter | null;
  eltwise_param: EltwiseParameter | null;
  elu_param: ELUParameter | null;
  embed_param: EmbedParameter | null;
  exp_param: ExpParameter | null;
  flatten_param: FlattenParameter | null;
  hdf5_data_param: HDF5DataParameter | null;
  hdf5_output_param: HDF5OutputParameter | null;
  hinge_loss_param: HingeLossParameter | null;
  image_data_param: ImageDataParameter | null;
  infogain_loss_param: InfogainLossParameter | null;
  inner_product_param: InnerProductParameter | null;
  input_param: InputParameter | null;
  log_param: LogParameter | null;
  lrn_param: LRNParameter | null;
  memory_data_param: MemoryDataParameter | null;
  mvn_param: MVNParameter | null;
  parameter_param: ParameterParameter | null;
  pooling_param: PoolingParameter | null;
  power_param: PowerParameter | null;
  prelu_param: PReLUParameter | null;
  python_param: PythonParameter | null;
  recurrent_param: RecurrentParameter | null;
  reduction_param: ReductionParameter | null;
  relu_param: ReLUParameter | null;
  reshape_param: ReshapeParameter | null;
  scale_param: ScaleParameter | null;
  sigmoid_param: SigmoidParameter | null;
  softmax_param: SoftmaxParameter | null;
  spp_param: SPPParameter | null;
  slice_param: SliceParameter | null;
  swish_param: SwishParameter | null;
  tanh_param: TanHParameter | null;
  threshold_param: ThresholdParameter | null;
  tile_param: TileParameter | null;
  window_data_param: WindowDataParameter | null;
}

/** What is done to an image on its way in, in this order: crop, mirror, mean, scale. */
export interface TransformationParameter {
  scale: number;
  mirror: boolean;
  crop_size: number;
  mean_file: string;
  /** One for all channels, or one each; excludes mean_file. */
  mean_value: number[];
  force_color: boolean;
  force_gray: boolean;
}

/** Common to loss layers: a label to leave out, and what the sum is divided by. */
export interface LossParameter {
  ignore_label: number;
  normalization: LossParameter_NormalizationMode;
  /** Older than normalization: true is VALID, false BATCH_SIZE. */
  normalize: boolean;
}

/** Share of items whose label is among the top_k scores. */
export interface AccuracyParameter {
  top_k: number;
  axis: number;
  ignore_label: number;
}

/** Index (and value) of the largest scores. */
export interface ArgMaxParameter {
  out_max_val: boolean;
  top_k: number;
  axis: number;
}

/** Limits values to [min, max]. */
export interface ClipParameter {
  min: number;
  max: number;
}

/** Joins blobs along an axis. */
export interface ConcatParameter {
  axis: number;
  concat_dim: number;
}

/** Normalises by mean and variance of the batch (TRAIN) or by running ones (TEST); has no affine part. */
export interface BatchNormParameter {
  /** Unset: false in TRAIN, true in TEST. */
  use_global_stats: boolean;
  moving_average_fraction: number;
  eps: number;
}

/** Adds a blob, broadcast from `axis` on. */
export interface BiasParameter {
  axis: number;
  num_axes: number;
  filler: FillerParameter | null;
}

/** Loss on the distance of pairs. */
export interface ContrastiveLossParameter {
  margin: number;
  legacy_version: boolean;
}

/** Convolution and Deconvolution. pad, kernel_size, stride, dilation: one value for all spatial axes, or one for each. */
export interface ConvolutionParameter {
  num_output: number;
  bias_term: boolean;
  pad: number[];
  kernel_size: number[];
  stride: number[];
  dilation: number[];
  pad_h: number;
  pad_w: number;
  kernel_h: number;
  kernel_w: number;
  stride_h: number;
  stride_w: number;
  group: number;
  weight_filler: FillerParameter | null;
  bias_filler: FillerParameter | null;
  engine: ConvolutionParameter_Engine;
  /** The channel axis; what follows is spatial. */
  axis: number;
  force_nd_im2col: boolean;
}

/** Cuts a blob to the size of another from `axis` on. */
export interface CropParameter {
  axis: number;
  offset: number[];
}

/** Records of a LevelDB or LMDB database. */
export interface DataParameter {
  source: string;
  batch_size: number;
  rand_skip: number;
  backend: DataParameter_DB;
  scale: number;
  mean_file: string;
  crop_size: number;
  mirror: boolean;
  force_encoded_color: boolean;
  prefetch: number;
}

/** Sets inputs to zero at random in TRAIN. */
export interface DropoutParameter {
  dropout_ratio: number;
}

/** Tops of a given shape, filled once or every time. */
export interface DummyDataParameter {
  data_filler: FillerParameter[];
  shape: BlobShape[];
  num: number[];
  channels: number[];
  height: number[];
  width: number[];
}

/** Element-wise product, weighted sum or maximum. */
export interface EltwiseParameter {
  operation: EltwiseParameter_EltwiseOp;
  coeff: number[];
  stable_prod_grad: boolean;
}

/** Exponential linear unit. */
export interface ELUParameter {
  alpha: number;
}

/** A table of vectors looked up by index. */
export interface EmbedParameter {
  num_output: number;
  input_dim: number;
  bias_term: boolean;
  weight_filler: FillerParameter | null;
  bias_filler: FillerParameter | null;
}

/** base ^ (shift + scale * x); base -1 means e. */
export interface ExpParameter {
  base: number;
  scale: number;
  shift: number;
}

/** Merges the axes from `axis` to `end_axis` into one. */
export interface FlattenParameter {
  axis: number;
  end_axis: number;
}

/** Records of HDF5 files; `source` lists them. */
export interface HDF5DataParameter {
  source: string;
  batch_size: number;
  shuffle: boolean;
}

/** Writes its bottoms to an HDF5 file. */
export interface HDF5OutputParameter {
  file_name: string;
}

/** One-versus-all hinge loss, in either norm. */
export interface HingeLossParameter {
  norm: HingeLossParameter_Norm;
}

/** Image files with labels, listed in a text file. */
export interface ImageDataParameter {
  source: string;
  batch_size: number;
  rand_skip: number;
  shuffle: boolean;
  new_height: number;
  new_width: number;
  is_color: boolean;
  scale: number;
  mean_file: string;
  crop_size: number;
  mirror: boolean;
  root_folder: string;
}

/** Logistic loss weighted by a matrix from a file. */
export interface InfogainLossParameter {
  source: string;
  axis: number;
}

/** Fully connected layer; axes from `axis` on are its inputs. */
export interface InnerProductParameter {
  num_output: number;
  bias_term: boolean;
  weight_filler: FillerParameter | null;
  bias_filler: FillerParameter | null;
  axis: number;
  transpose: boolean;
}

/** Tops without a source, to be set by the caller. */
export interface InputParameter {
  shape: BlobShape[];
}

/** log_base(shift + scale * x); base -1 means e. */
export interface LogParameter {
  base: number;
  scale: number;
  shift: number;
}

/** Local response normalisation, over neighbouring channels or within a channel. */
export interface LRNParameter {
  local_size: number;
  alpha: number;
  beta: number;
  norm_region: LRNParameter_NormRegion;
  k: number;
  engine: LRNParameter_Engine;
}

/** Records handed over in memory. */
export interface MemoryDataParameter {
  batch_size: number;
  channels: number;
  height: number;
  width: number;
}

/** Subtracts the mean of each image (and channel), divides by the deviation. */
export interface MVNParameter {
  normalize_variance: boolean;
  across_channels: boolean;
  eps: number;
}

/** A top that is itself a learnt parameter. */
export interface ParameterParameter {
  shape: BlobShape | null;
}

/** Pooling over windows; output sizes round up unless round_mode says otherwise. */
export interface PoolingParameter {
  pool: PoolingParameter_PoolMethod;
  pad: number;
  pad_h: number;
  pad_w: number;
  kernel_size: number;
  kernel_h: number;
  kernel_w: number;
  stride: number;
  stride_h: number;
  stride_w: number;
  engine: PoolingParameter_Engine;
  global_pooling: boolean;
  round_mode: PoolingParameter_RoundMode;
}

/** (shift + scale * x) ^ power. */
export interface PowerParameter {
  power: number;
  scale: number;
  shift: number;
}

/** A layer written in Python by the user. */
export interface PythonParameter {
  module: string;
  layer: string;
  /** Handed to the layer as it is. */
  param_str: string;
  share_in_parallel: boolean;
}

/** Common to RNN and LSTM. */
export interface RecurrentParameter {
  num_output: number;
  weight_filler: FillerParameter | null;
  bias_filler: FillerParameter | null;
  debug_info: boolean;
  expose_hidden: boolean;
}

/** Reduces all axes from `axis` on to one value. */
export interface ReductionParameter {
  operation: ReductionParameter_ReductionOp;
  axis: number;
  /** Factor on the result. */
  coeff: number;
}

/** max(x, 0) + negative_slope * min(x, 0). */
export interface ReLUParameter {
  negative_slope: number;
  engine: ReLUParameter_Engine;
}

/** New sizes for the axes from `axis` on: 0 keeps one, -1 is worked out. */
export interface ReshapeParameter {
  shape: BlobShape | null;
  axis: number;
  num_axes: number;
}

/** Multiplies by a blob, broadcast from `axis` on, and may add another. */
export interface ScaleParameter {
  axis: number;
  num_axes: number;
  filler: FillerParameter | null;
  bias_term: boolean;
  bias_filler: FillerParameter | null;
}

/** 1 / (1 + exp(-x)). */
export interface SigmoidParameter {
  engine: SigmoidParameter_Engine;
}

/** Cuts a blob along an axis. */
export interface SliceParameter {
  axis: number;
  slice_point: number[];
  slice_dim: number;
}

/** Softmax along an axis. */
export interface SoftmaxParameter {
  engine: SoftmaxParameter_Engine;
  axis: number;
}

/** x * sigmoid(beta * x). */
export interface SwishParameter {
  beta: number;
}

/** Hyperbolic tangent. */
export interface TanHParameter {
  engine: TanHParameter_Engine;
}

/** Repeats a blob along an axis. */
export interface TileParameter {
  axis: number;
  tiles: number;
}

/** 1 above the threshold, else 0. */
export interface ThresholdParameter {
  threshold: number;
}

/** Windows cut out of image files, for detection. */
export interface WindowDataParameter {
  source: string;
  scale: number;
  mean_file: string;
  batch_size: number;
  crop_size: number;
  mirror: boolean;
  fg_threshold: number;
  bg_threshold: number;
  fg_fraction: number;
  context_pad: number;
  crop_mode: string;
  cache_images: boolean;
  root_folder: string;
}

/** Spatial pyramid pooling. */
export interface SPPParameter {
  pyramid_height: number;
  pool: SPPParameter_PoolMethod;
  engine: SPPParameter_Engine;
}

/** The second form of a layer (`layers { type: CONVOLUTION }`): read, then upgraded. */
export interface V1LayerParameter {
  bottom: string[];
  top: string[];
  name: string;
  include: NetStateRule[];
  exclude: NetStateRule[];
  type: V1LayerParameter_LayerType;
  blobs: BlobProto[];
  param: string[];
  blob_share_mode: V1LayerParameter_DimCheckMode[];
  blobs_lr: number[];
  weight_decay: number[];
  loss_weight: number[];
  accuracy_param: AccuracyParameter | null;
  argmax_param: ArgMaxParameter | null;
  concat_param: ConcatParameter | null;
  contrastive_loss_param: ContrastiveLossParameter | null;
  convolution_param: ConvolutionParameter | null;
  data_param: DataParameter | null;
  dropout_param: DropoutParameter | null;
  dummy_data_param: DummyDataParameter | null;
  eltwise_param: EltwiseParameter | null;
  exp_param: ExpParameter | null;
  hdf5_data_param: HDF5DataParameter | null;
  hdf5_output_param: HDF5OutputParameter | null;
  hinge_loss_param: HingeLossParameter | null;
  image_data_param: ImageDataParameter | null;
  infogain_loss_param: InfogainLossParameter | null;
  inner_product_param: InnerProductParameter | null;
  lrn_param: LRNParameter | null;
  memory_data_param: MemoryDataParameter | null;
  mvn_param: MVNParameter | null;
  pooling_param: PoolingParameter | null;
  power_param: PowerParameter | null;
  relu_param: ReLUParameter | null;
  sigmoid_param: SigmoidParameter | null;
  softmax_param: SoftmaxParameter | null;
  slice_param: SliceParameter | null;
  tanh_param: TanHParameter | null;
  threshold_param: ThresholdParameter | null;
  window_data_param: WindowDataParameter | null;
  transform_param: TransformationParameter | null;
  loss_param: LossParameter | null;
  layer: V0LayerParameter | null;
}

/** The first form of a layer (`layers { layer { type: "conv" } }`): read, then upgraded. */
export interface V0LayerParameter {
  name: string;
  type: string;
  num_output: number;
  biasterm: boolean;
  weight_filler: FillerParameter | null;
  bias_filler: FillerParameter | null;
  pad: number;
  kernelsize: number;
  group: number;
  stride: number;
  pool: V0LayerParameter_PoolMethod;
  dropout_ratio: number;
  local_size: number;
  alpha: number;
  beta: number;
  k: number;
  source: string;
  scale: number;
  meanfile: string;
  batchsize: number;
  cropsize: number;
  mirror: boolean;
  blobs: BlobProto[];
  blobs_lr: number[];
  weight_decay: number[];
  rand_skip: number;
  det_fg_threshold: number;
  det_bg_threshold: number;
  det_fg_fraction: number;
  det_context_pad: number;
  det_crop_mode: string;
  new_num: number;
  new_channels: number;
  new_height: number;
  new_width: number;
  shuffle_images: boolean;
  concat_dim: number;
  hdf5_output_param: HDF5OutputParameter | null;
}

/** ReLU with a learnt negative slope. */
export interface PReLUParameter {
  filler: FillerParameter | null;
  channel_shared: boolean;
}

export interface Messages {
  BlobShape: BlobShape;
  BlobProto: BlobProto;
  BlobProtoVector: BlobProtoVector;
  Datum: Datum;
  FillerParameter: FillerParameter;
  NetParameter: NetParameter;
  SolverParameter: SolverParameter;
  SolverState: SolverState;
  NetState: NetState;
  NetStateRule: NetStateRule;
  ParamSpec: ParamSpec;
  LayerParameter: LayerParameter;
  TransformationParameter: TransformationParameter;
  LossParameter: LossParameter;
  AccuracyParameter: AccuracyParameter;
  ArgMaxParameter: ArgMaxParameter;
  ClipParameter: ClipParameter;
  ConcatParameter: ConcatParameter;
  BatchNormParameter: BatchNormParameter;
  BiasParameter: BiasParameter;
  ContrastiveLossParameter: ContrastiveLossParameter;
  ConvolutionParameter: ConvolutionParameter;
  CropParameter: CropParameter;
  DataParameter: DataParameter;
  DropoutParameter: DropoutParameter;
  DummyDataParameter: DummyDataParameter;
  EltwiseParameter: EltwiseParameter;
  ELUParameter: ELUParameter;
  EmbedParameter: EmbedParameter;
  ExpParameter: ExpParameter;
  FlattenParameter: FlattenParameter;
  HDF5DataParameter: HDF5DataParameter;
  HDF5OutputParameter: HDF5OutputParameter;
  HingeLossParameter: HingeLossParameter;
  ImageDataParameter: ImageDataParameter;
  InfogainLossParameter: InfogainLossParameter;
  InnerProductParameter: InnerProductParameter;
  InputParameter: InputParameter;
  LogParameter: LogParameter;
  LRNParameter: LRNParameter;
  MemoryDataParameter: MemoryDataParameter;
  MVNParameter: MVNParameter;
  ParameterParameter: ParameterParameter;
  PoolingParameter: PoolingParameter;
  PowerParameter: PowerParameter;
  PythonParameter: PythonParameter;
  RecurrentParameter: RecurrentParameter;
  ReductionParameter: ReductionParameter;
  ReLUParameter: ReLUParameter;
  ReshapeParameter: ReshapeParameter;
  ScaleParameter: ScaleParameter;
  SigmoidParameter: SigmoidParameter;
  SliceParameter: SliceParameter;
  SoftmaxParameter: SoftmaxParameter;
  SwishParameter: SwishParameter;
  TanHParameter: TanHParameter;
  TileParameter: TileParameter;
  ThresholdParameter: ThresholdParameter;
  WindowDataParameter: WindowDataParameter;
  SPPParameter: SPPParameter;
  V1LayerParameter: V1LayerParameter;
  V0LayerParameter: V0LayerParameter;
  PReLUParameter: PReLUParameter;
}
