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

/** Where a loss puts its three numbers. */
function fresh(): Float64Array {
  result[0] = result[1] = result[2] = -1;
  return result;
}

const sums = (): LossSum => ({ sum: result[0]!, counted: result[1]!, badLabel: result[2]! });

/** A label that is ignored goes to the C++ as a flag and the label. */
const flag = (ignore: number | undefined): 0 | 1 => (ignore === undefined ? 0 : 1);

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
export function softmaxLossForward(
  [outer, classes, inner]: Extent,
  ignore: number | undefined,
  p: Float32Array,
  labels: Float32Array,
): LossSum {
  softmaxLoss(outer, classes, inner, flag(ignore), ignore ?? 0, p, labels, fresh());
  return sums();
}

/** dx = scale · (p - [class is the label]) */
export function softmaxLossBackward(
  [outer, classes, inner]: Extent,
  ignore: number | undefined,
  scale: number,
  p: Float32Array,
  labels: Float32Array,
  dx: Float32Array,
): void {
  softmaxLossBack(outer, classes, inner, flag(ignore), ignore ?? 0, scale, p, labels, dx);
}

/** -Σ H[label][c] · ln p(c) */
export function infogainLossForward(
  [outer, classes, inner]: Extent,
  ignore: number | undefined,
  p: Float32Array,
  labels: Float32Array,
  matrix: Float32Array,
): LossSum {
  infogain(outer, classes, inner, flag(ignore), ignore ?? 0, p, labels, matrix, fresh());
  return sums();
}

export function infogainLossBackward(
  [outer, classes, inner]: Extent,
  ignore: number | undefined,
  scale: number,
  p: Float32Array,
  labels: Float32Array,
  matrix: Float32Array,
  dx: Float32Array,
): void {
  infogainBack(outer, classes, inner, flag(ignore), ignore ?? 0, scale, p, labels, matrix, dx);
}

const multinomial = hostFunction('crema_multinomial_loss_forward', ['i64', 'i64', 'pointer', 'pointer', 'pointer']);
/** -ln p(label) of rows that are probabilities already. */
export function multinomialForward(rows: number, classes: number, p: Float32Array, labels: Float32Array): LossSum {
  multinomial(rows, classes, p, labels, fresh());
  return sums();
}

export const multinomialBackward = hostFunction('crema_multinomial_loss_backward', [
  ...(['i64', 'i64', 'f32', 'pointer', 'pointer', 'pointer'] as const),
]) as (rows: number, classes: number, scale: number, p: Float32Array, labels: Float32Array, dx: Float32Array) => void;

const crossEntropy = hostFunction('crema_sigmoid_cross_entropy_forward', [
  ...(['i64', 'i32', 'i32', 'pointer', 'pointer', 'pointer'] as const),
]);
const crossEntropyBack = hostFunction('crema_sigmoid_cross_entropy_backward', [
  ...(['i64', 'i32', 'i32', 'f32', 'pointer', 'pointer', 'pointer'] as const),
]);
export function crossEntropyForward(
  n: number,
  ignore: number | undefined,
  x: Float32Array,
  target: Float32Array,
): LossSum {
  crossEntropy(n, flag(ignore), ignore ?? 0, x, target, fresh());
  return sums();
}

/** dx = scale · (sigmoid(x) - target) */
export const crossEntropyBackward = (
  n: number,
  ignore: number | undefined,
  scale: number,
  x: Float32Array,
  target: Float32Array,
  dx: Float32Array,
) => crossEntropyBack(n, flag(ignore), ignore ?? 0, scale, x, target, dx);

const hinge = hostFunction('crema_hinge_forward', ['i64', 'i64', 'i32', 'pointer', 'pointer', 'pointer']);
/** norm: 1 or 2. */
export function hingeForward(
  rows: number,
  classes: number,
  norm: number,
  x: Float32Array,
  labels: Float32Array,
): LossSum {
  hinge(rows, classes, norm, x, labels, fresh());
  return sums();
}

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
