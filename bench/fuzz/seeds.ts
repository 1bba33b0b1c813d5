import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { layerTypes } from '../../orchestrator/layers/index.ts';
import {
  create,
  encode,
  parseNet,
  parseSolver,
  writeBlob,
  writeDatum,
  writeSolverState,
  writeWeights,
} from '../../orchestrator/proto/index.ts';

const V2 = `name: "two" force_backward: true state { phase: TRAIN level: 1 stage: "a" }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } data_param { source: "x" batch_size: 4 backend: LMDB }
  transform_param { scale: 0.5 mirror: true crop_size: 8 mean_value: 104 mean_value: 117 } }
layer { name: 'conv' type: "Convolution" bottom: "data" top: "conv" param { name: "w" lr_mult: 1 decay_mult: 0 }
  convolution_param { num_output: 6 kernel_size: 3 kernel_size: 2 stride: 1 pad: 1 group: 3 dilation: 1 weight_filler { type: "msra" variance_norm: AVERAGE } } }
layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" batch_norm_param { eps: 1e-5 moving_average_fraction: .9 } }
layer { name: "relu\\n\\x41\\101" type: "ReLU" bottom: "conv" top: "conv" relu_param { negative_slope: 0.1 } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: MAX kernel_h: 3 kernel_w: 2 stride: 2 pad: 1 } }
layer { name: "slice" type: "Slice" bottom: "pool" top: "s1" top: "s2" slice_param { axis: 1 slice_point: 2 } }
layer { name: "up" type: "Deconvolution" bottom: "s1" top: "up" convolution_param { num_output: 2 kernel_size: 2 stride: 2 bias_term: false } }
layer { name: "ip" type: "InnerProduct" bottom: "up" top: "ip" inner_product_param { num_output: 4 axis: 1 } }
layer { name: "re" type: "Reshape" bottom: "ip" top: "re" reshape_param { shape { dim: 0 dim: -1 } } }
layer { name: "lstm" type: "Flatten" bottom: "s2" top: "f" }
layer { name: "cat" type: "Concat" bottom: "re" bottom: "f" top: "cat" concat_param { axis: 1 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "cat" bottom: "label" top: "loss" loss_weight: 2 exclude { stage: "a" not_stage: "b" min_level: 3 } }
`;
const V1 = `input: "x" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8 # comment
layers { name: "c" type: CONVOLUTION bottom: "x" top: "c" blobs_lr: 1 blobs_lr: 2 weight_decay: 1 convolution_param { num_output: 2 kernel_size: 3 } }
layers { name: "r" type: RELU bottom: "c" top: "c" }, layers < name: "s" type: SOFTMAX bottom: "c" top: "s" >;
`;
const V0 = `name: "old" input: "data" input_dim: 1 input_dim: 3 input_dim: 12 input_dim: 12
layers { layer { name: "pad" type: "padding" pad: 1 } bottom: "data" top: "pad" }
layers { layer { name: "conv" type: "conv" num_output: 4 kernelsize: 3 stride: 2 weight_filler { type: "gaussian" std: 0.01 } blobs_lr: 1. blobs_lr: 2. } bottom: "pad" top: "conv" }
layers { layer { name: "pool" type: "pool" kernelsize: 2 pool: AVE } bottom: "conv" top: "pool" }
layers { layer { name: "ip" type: "innerproduct" num_output: 3 } bottom: "pool" top: "ip" }
`;
const RECURRENT = `layer { name: "x" type: "Input" top: "x" top: "cont" input_param { shape { dim: 3 dim: 2 dim: 4 } shape { dim: 3 dim: 2 } } }
layer { name: "l" type: "LSTM" bottom: "x" bottom: "cont" top: "h" recurrent_param { num_output: 5 expose_hidden: false weight_filler { type: "uniform" min: -0.1 max: 0.1 } } }
layer { name: "p" type: "Power" bottom: "h" top: "p" power_param { power: 2 scale: -1 shift: 1 } }
layer { name: "t" type: "Tile" bottom: "p" top: "t" tile_param { axis: 2 tiles: 3 } }
layer { name: "r" type: "Reduction" bottom: "t" top: "r" reduction_param { operation: SUMSQ axis: 1 coeff: .5 } }
`;
const SOLVERS = [
  'net: "n.prototxt" test_iter: 2 test_interval: 5 base_lr: 0.01 lr_policy: "multistep" gamma: 0.1 stepvalue: 3 stepvalue: 9 max_iter: 20 momentum: 0.9 weight_decay: 5e-4 snapshot: 5 snapshot_prefix: "s" solver_mode: FPGA random_seed: 1 type: "Nesterov" iter_size: 2 clip_gradients: 35\n',
  `net_param { ${V1} } base_lr: 1 lr_policy: "poly" power: .5 max_iter: 10 solver_type: ADAGRAD regularization_type: "L1" average_loss: 3 test_initialization: false debug_info: true\n`,
  'train_net: "a" test_net: "b" test_net: "c" test_iter: 1 test_iter: 2 test_interval: 1 test_state { stage: "x" } test_state { } type: "Adam" base_lr: 1e-3 lr_policy: "sigmoid" gamma: -.1 stepsize: 7 delta: 1e-8 momentum2: 0.999\n',
];
const YAML = [
  'solver: solver.prototxt\ndevice: sim # or host\nboard: u250\nconfig: f32\nplacement: { host: [conv1, "conv*"] }\nseed: 1\nthreads: 2\n',
  'a: &a [1, 2]\nb: *a\n? complex\n: value\nseed: 0x10\nmemory: strict\ndeadline: 1e3\nplacement:\n  host:\n    - ip\n    - !!str 3\n',
  'device: "xrt"\nretries: ~\nkeepSnapshots: 3\nsolver: |\n  text\n  more\nmodel: >-\n  folded\n',
];

const publishedNets = (): string[] => {
  const folder = join(packageRoot(), 'bench', 'nets');
  const names = readdirSync(folder).filter((name) => name.endsWith('.prototxt'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).filter((text) => text.length < 12_000);
};

export const netTexts = (): string[] => [V2, V1, V0, RECURRENT, ...publishedNets()];
export const solverTexts = (): string[] => SOLVERS;
export const yamlTexts = (): string[] => YAML;
export const settings = (): string[] => [
  'seed=3',
  'placement.host=[ip, "conv*"]',
  'device=sim',
  'placement={host: [a]}',
  'threads=2',
];

/** Words that mean something somewhere, and some that never do. */
export function dictionary(): string[] {
  const words = new Set([...netTexts(), ...SOLVERS].flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? []));
  const types = [...layerTypes.keys()].map((type) => `"${type}"`);
  return [
    ...words,
    ...types,
    '"__proto__"',
    'constructor',
    '{',
    '}',
    '<',
    '>',
    '[',
    ']',
    ':',
    ',',
    '#',
    '"',
    "'",
    '\n',
  ];
}

export const netBinaries = (): Uint8Array[] => netTexts().map((text) => encode('NetParameter', parseNet(text, 'seed')));

export const solverBinaries = (): Uint8Array[] =>
  SOLVERS.map((text) => encode('SolverParameter', parseSolver(text, 'seed')));

const floats = (count: number) => Float32Array.from({ length: count }, (_, i) => i / 7 - 1);

export function weightFiles(): Uint8Array[] {
  const blob = { shape: [2, 3, 1, 1], data: floats(6) };
  const old = { num: 1, channels: 2, height: 1, width: 3, data: Array.from(floats(6)) };
  return [
    writeWeights({
      name: 'w',
      layers: [{ name: 'c', type: 'Convolution', blobs: [blob, { shape: [2], data: floats(2) }] }],
    }),
    encode('NetParameter', create('NetParameter', { name: 'v1', layers: [{ name: 'c', type: 4, blobs: [old] }] })),
    encode('NetParameter', create('NetParameter', { layers: [{ layer: { name: 'c', type: 'conv', blobs: [old] } }] })),
  ];
}

export const stateFiles = (): Uint8Array[] => [
  writeSolverState({
    iter: 6,
    learned_net: 'm.caffemodel',
    current_step: 1,
    history: [{ shape: [3], data: floats(3) }],
  }),
];

export const blobFiles = (): Uint8Array[] => [
  writeBlob({ shape: [1, 3, 2, 2], data: floats(12) }),
  encode('BlobProto', create('BlobProto', { num: 1, channels: 3, height: 2, width: 2, data: Array.from(floats(12)) })),
  encode('BlobProto', create('BlobProto', { shape: { dim: [4] }, double_data: [1, 2, 3, 4] })),
];

export const datums = (): Uint8Array[] => [
  writeDatum({ channels: 3, height: 2, width: 2, label: 7, data: Uint8Array.from({ length: 12 }, (_, i) => i * 20) }),
  writeDatum({ channels: 1, height: 2, width: 3, label: -1, floatData: floats(6) }),
  writeDatum({
    channels: 3,
    height: 0,
    width: 0,
    label: 1,
    encoded: true,
    data: Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  }),
];

export const idxFiles = (): Uint8Array[] => [
  Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8),
  Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 4, 9, 8, 7, 6),
];
