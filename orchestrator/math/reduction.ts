import { hostFunction } from './host.ts';

/** Caffe's numbers; MEAN is SUM with the coefficient divided by the length. */
export const REDUCTION = { SUM: 1, ASUM: 2, SUMSQ: 3 } as const;

/** y[r] = coefficient · (sum over row r of x, |x| or x²), in double, whatever the number of threads. */
export const reduceForward = hostFunction('crema_reduce_forward', [
  'i32',
  'i64',
  'i64',
  'f32',
  'pointer',
  'pointer',
]) as (operation: number, rows: number, length: number, coefficient: number, x: Float32Array, y: Float32Array) => void;

export const reduceBackward = hostFunction('crema_reduce_backward', [
  'i32',
  'i64',
  'i64',
  'f32',
  'pointer',
  'pointer',
  'pointer',
]) as (
  operation: number,
  rows: number,
  length: number,
  coefficient: number,
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
) => void;

/** The k largest along the middle axis of [outer][classes][inner], descending; ties: higher index first. Results: [outer][k][inner]. */
export const argmax = hostFunction('crema_argmax', ['i64', 'i64', 'i64', 'i64', 'pointer', 'pointer', 'pointer']) as (
  outer: number,
  classes: number,
  inner: number,
  k: number,
  x: Float32Array,
  index: Float32Array | null,
  value: Float32Array | null,
) => void;

const accuracy = hostFunction('crema_accuracy', [
  ...(['i64', 'i64', 'i64', 'i64', 'i32', 'i32', 'pointer', 'pointer', 'pointer', 'pointer'] as const),
]);

export interface Counts {
  /** Labels not ignored. */
  readonly counted: number;
  readonly right: number;
  /** Position of the first label that is no class, or -1. */
  readonly badLabel: number;
}

/** Top-k accuracy of scores [outer][classes][inner]. `perClass`: [classes] right, then [classes] counted. */
export function countRight(
  [outer, classes, inner]: readonly [number, number, number],
  k: number,
  ignore: number | undefined,
  scores: Float32Array,
  labels: Float32Array,
  perClass: Float64Array | null,
): Counts {
  const totals = new Float64Array(3);
  const hasIgnore = ignore === undefined ? 0 : 1;
  accuracy(outer, classes, inner, k, hasIgnore, ignore ?? 0, scores, labels, totals, perClass);
  return { counted: totals[0]!, right: totals[1]!, badLabel: totals[2]! };
}
