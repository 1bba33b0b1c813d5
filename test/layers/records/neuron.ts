import type { GradientCase, Kind, LayerRecord } from './record.ts';

const shape = [2, 3, 4, 2];
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));

/** One input, one function of each element. */
const each = (f: (v: number) => number, text = '', kind: Kind = 'normal'): GradientCase => ({
  text,
  inputs: [{ shape, kind }],
  reference: ([x]) => [x!.map(f)],
});

export const neuronRecords: readonly LayerRecord[] = [
  { type: 'AbsVal', cases: [each(Math.abs, '', 'nonzero')] },
  { type: 'BNLL', cases: [each((v) => Math.log1p(Math.exp(v)))] },
  {
    type: 'Clip',
    cases: [each((v) => Math.min(Math.max(v, -10), 0), 'clip_param { min: -10 max: 0 }', 'nonzero')],
  },
  {
    type: 'ELU',
    cases: [each((v) => (v > 0 ? v : 0.5 * Math.expm1(v)), 'elu_param { alpha: 0.5 }', 'nonzero')],
  },
  {
    type: 'Exp',
    cases: [each(Math.exp), each((v) => 2 ** (0.5 * v + 1), 'exp_param { base: 2 scale: 0.5 shift: 1 }')],
  },
  {
    type: 'Log',
    cases: [
      each(Math.log, '', 'positive'),
      each((v) => Math.log2(0.5 * v + 1), 'log_param { base: 2 scale: 0.5 shift: 1 }', 'positive'),
    ],
  },
  {
    type: 'Power',
    cases: [
      each((v) => (0.5 * v + 1) ** 2, 'power_param { power: 2 scale: 0.5 shift: 1 }'),
      each((v) => (0.5 * v + 1) ** 0.75, 'power_param { power: 0.75 scale: 0.5 shift: 1 }', 'positive'),
      each((v) => 3 * v - 1, 'power_param { scale: 3 shift: -1 }'),
      each(() => 8, 'power_param { power: 3 scale: 0 shift: 2 }'),
    ],
  },
  { type: 'Sigmoid', cases: [each(sigmoid)] },
  { type: 'Swish', cases: [each((v) => v * sigmoid(1.5 * v), 'swish_param { beta: 1.5 }')] },
  { type: 'TanH', cases: [each(Math.tanh)] },
  { type: 'Threshold', noGradient: 'piecewise constant' },
  {
    type: 'ReLU',
    cases: [
      each((v) => Math.max(v, 0), '', 'nonzero'),
      each((v) => (v > 0 ? v : 0.1 * v), 'relu_param { negative_slope: 0.1 }', 'nonzero'),
    ],
  },
  {
    type: 'PReLU',
    cases: [
      {
        inputs: [{ shape, kind: 'nonzero' }],
        reference: ([x], [a]) => [x!.map((v, i) => (v > 0 ? v : a![Math.floor(i / 8) % 3]! * v))],
      },
      {
        text: 'prelu_param { channel_shared: true }',
        inputs: [{ shape, kind: 'nonzero' }],
        reference: ([x], [a]) => [x!.map((v) => (v > 0 ? v : a![0]! * v))],
      },
    ],
  },
  {
    type: 'Dropout',
    cases: [
      {
        inputs: [{ shape, kind: 'nonzero' }],
        // Which elements stayed is the layer's draw; what stays is doubled.
        reference: ([x], _, { observed }) => [x!.map((v, i) => (observed[0]![i] === 0 ? 0 : 2 * v))],
      },
      { inputs: [{ shape }], phase: 'TEST', reference: ([x]) => [x!] },
    ],
  },
];
