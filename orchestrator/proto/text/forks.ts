import { nearest, type Problem } from '../../core/index.ts';
import type { MessageType } from '../types.ts';

const SSD = 'the SSD fork (weiliu89/caffe)';
const FAST_RCNN = 'the Fast R-CNN fork (rbgirshick/caffe-fast-rcnn)';
const NVIDIA = 'NVIDIA Caffe';
const INTEL = 'Intel Caffe';
const SEGMENTATION = 'the DeepLab and PSPNet forks';
const VIDEO = 'the temporal-segment fork (yjxiong/caffe)';
const FPGA = 'fpga_caffe (dicecco1/fpga_caffe)';

/** Where fields that published files use, and BVLC Caffe does not have, come from. `Message.field`, or `field` anywhere. */
const origins: Record<string, string> = {
  roi_pooling_param: FAST_RCNN,
  smooth_l1_loss_param: FAST_RCNN,
  psroi_pooling_param: 'the R-FCN fork',
  box_annotator_ohem_param: 'the R-FCN fork',
  annotated_data_param: SSD,
  detection_evaluate_param: SSD,
  detection_output_param: SSD,
  multibox_loss_param: SSD,
  norm_param: SSD,
  permute_param: SSD,
  prior_box_param: SSD,
  video_data_param: SSD,
  resize_param: SSD,
  distort_param: SSD,
  expand_param: SSD,
  emit_constraint: SSD,
  noise_param: SSD,
  eval_type: SSD,
  plateau_winsize: SSD,
  ap_version: SSD,
  default_forward_type: NVIDIA,
  default_backward_type: NVIDIA,
  default_forward_math: NVIDIA,
  default_backward_math: NVIDIA,
  forward_type: NVIDIA,
  backward_type: NVIDIA,
  larc: NVIDIA,
  larc_policy: NVIDIA,
  local_lr_auto: NVIDIA,
  global_grad_scale: NVIDIA,
  min_lr: NVIDIA,
  rampup_interval: NVIDIA,
  detectnet_groundtruth_param: NVIDIA,
  detectnet_augmentation_param: NVIDIA,
  'DataParameter.cache': NVIDIA,
  'DataParameter.shuffle': NVIDIA,
  'ImageDataParameter.cache': NVIDIA,
  'BatchNormParameter.scale_filler': NVIDIA,
  'BatchNormParameter.scale_bias': NVIDIA,
  warmup_iter: INTEL,
  warmup_start_lr: INTEL,
  quantization_param: 'Ristretto or Intel Caffe',
  bn_param: 'the SegNet and yjxiong forks',
  upsample_param: 'the SegNet fork',
  interp_param: SEGMENTATION,
  seg_data_param: SEGMENTATION,
  image_seg_data_param: SEGMENTATION,
  flow: VIDEO,
  center_loss_param: 'the center-loss fork (ydwen/caffe-face)',
  margin_inner_product_param: 'the SphereFace fork',
  lstm_param: 'an LSTM fork (junhyukoh/caffe-lstm)',
  shuffle_channel_param: 'a ShuffleNet fork',
  axpy_param: 'the SENet fork',
  xcl_param: FPGA,
  xcl_name: FPGA,
  ceil_mode: 'several forks',
};

/** What to write instead, where BVLC Caffe has the same thing under another name. */
const advice: Record<string, string> = {
  'PoolingParameter.ceil_mode':
    'BVLC Caffe writes `round_mode: FLOOR` for `ceil_mode: false`, and rounds up by default',
  lstm_param: 'BVLC Caffe writes `recurrent_param`',
  'BatchNormParameter.scale_filler': 'BVLC Caffe puts a Scale layer after BatchNorm',
  'BatchNormParameter.scale_bias': 'BVLC Caffe puts a Scale layer after BatchNorm',
  xcl_param: 'write `solver_mode: FPGA`; placement is decided there and in experiment.yaml',
};

const lookUp = (table: Record<string, string>, type: string, name: string): string | undefined => {
  for (const key of [`${type}.${name}`, name]) if (Object.hasOwn(table, key)) return table[key];
  return undefined;
};

/** What to say about a field that does not exist: the nearest name, and the fork that has it. */
export function unknownFieldHint(type: MessageType, name: string): Partial<Problem> {
  const near = nearest(name, type.byName.keys());
  const origin = lookUp(origins, type.name, name);
  const instead = lookUp(advice, type.name, name);
  const hints = [origin && `${name} is a field of ${origin}`, instead, !origin && near && `did you mean ${near}?`];
  const hint = hints.filter(Boolean).join('; ');
  return hint ? { hint } : {};
}
