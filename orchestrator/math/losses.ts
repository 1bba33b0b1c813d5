import { hostFunction } from './host.ts';

/** Scores seen as [outer][classes][inner]. */
export type Extent = readonly [outer: number, classes: number, inner: number];

/** Sum of the losses, number of labels counted, and the position of the first label that is no class (-1: none). */
export interface LossSum {
  readonly sum: number;
  readonly counted: number;
  readonly badLabel: number;
}

const result = new Float64Array(3);
function sumOf(call: (result: Float64Array) => void): LossSum {
  result.fill(-1);
  call(result);
  return { sum: result[0]!, counted: result[1]!, badLabel: result[2]! };
}

const flag = (ignore: number | undefined): [number, number] => (ignore === undefined ? [0, 0] : [1, ignore]);

const extent = ['i64', 'i64', 'i64', 'i32', 'i32'] as const;
const softmaxLoss = hostFunction('crema_softmax_loss_forward', [...extent, 'pointer', 'pointer', 'pointer']);
const softmaxLossBack = hostFunction('crema_softmax_loss_backward', [
  ...extent,
  'f32',
  'pointer',
  'pointer',
  'pointer',
]);
const infogain = hostFunction('crema_infogain_loss_forward', [...extent, 'pointer', 'pointer', 'pointer', 'pointer']);
const infogainBack = hostFunction('crema_infogain_loss_backward', [
  ...extent,
  ...(['f32', 'pointer', 'pointer', 'pointer', 'pointer'] as const),
]);

/** -ln p(label) over all labels that are not ignored. */
export const softmaxLossForward = (e: Extent, ignore: number | undefined, p: Float32Array, labels: Float32Array) =>
  sumOf((out) => softmaxLoss(...e, ...flag(ignore), p, labels, out));

/** dx = scale · (p - [class is the label]) */
export const softmaxLossBackward = (
  e: Extent,
  ignore: number | undefined,
  scale: number,
  p: Float32Array,
  labels: Float32Array,
  dx: Float32Array,
) => softmaxLossBack(...e, ...flag(ignore), scale, p, labels, dx);

/** -Σ H[label][c] · ln p(c) */
export const infogainLossForward = (
  e: Extent,
  ignore: number | undefined,
  p: Float32Array,
  labels: Float32Array,
  matrix: Float32Array,
) => sumOf((out) => infogain(...e, ...flag(ignore), p, labels, matrix, out));

export const infogainLossBackward = (
  e: Extent,
  ignore: number | undefined,
  scale: number,
  p: Float32Array,
  labels: Float32Array,
  matrix: Float32Array,
  dx: Float32Array,
) => infogainBack(...e, ...flag(ignore), scale, p, labels, matrix, dx);

const multinomial = hostFunction('crema_multinomial_loss_forward', ['i64', 'i64', 'pointer', 'pointer', 'pointer']);
/** -ln p(label) of rows that are probabilities already. */
export const multinomialForward = (rows: number, classes: number, p: Float32Array, labels: Float32Array) =>
  sumOf((out) => multinomial(rows, classes, p, labels, out));

export const multinomialBackward = hostFunction('crema_multinomial_loss_backward', [
  ...(['i64', 'i64', 'f32', 'pointer', 'pointer', 'pointer'] as const),
]) as (rows: number, classes: number, scale: number, p: Float32Array, labels: Float32Array, dx: Float32Array) => void;

const crossEntropy = hostFunction('crema_sigmoid_cross_entropy_forward', [
  ...(['i64', 'i32', 'i32', 'pointer', 'pointer', 'pointer'] as const),
]);
const crossEntropyBack = hostFunction('crema_sigmoid_cross_entropy_backward', [
  ...(['i64', 'i32', 'i32', 'f32', 'pointer', 'pointer', 'pointer'] as const),
]);
export const crossEntropyForward = (n: number, ignore: number | undefined, x: Float32Array, target: Float32Array) =>
  sumOf((out) => crossEntropy(n, ...flag(ignore), x, target, out));

/** dx = scale · (sigmoid(x) - target) */
export const crossEntropyBackward = (
  n: number,
  ignore: number | undefined,
  scale: number,
  x: Float32Array,
  target: Float32Array,
  dx: Float32Array,
) => crossEntropyBack(n, ...flag(ignore), scale, x, target, dx);

const hinge = hostFunction('crema_hinge_forward', ['i64', 'i64', 'i32', 'pointer', 'pointer', 'pointer']);
/** norm: 1 or 2. */
export const hingeForward = (rows: number, classes: number, norm: number, x: Float32Array, labels: Float32Array) =>
  sumOf((out) => hinge(rows, classes, norm, x, labels, out));

export const hingeBackward = hostFunction('crema_hinge_backward', [
  ...(['i64', 'i64', 'i32', 'f32', 'pointer', 'pointer', 'pointer'] as const),
]) as (
  rows: number,
  classes: number,
  norm: number,
  scale: number,
  x: Float32Array,
  labels: Float32Array,
  dx: Float32Array,
) => void;
