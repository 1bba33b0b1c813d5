import type { Geometry } from '../blob/index.ts';
import type { RandomStream } from '../core/index.ts';
import { roundUp } from '../core/index.ts';
import { hostFunction, type Rows } from './host.ts';

type Values = Float32Array;

export const reluForward = hostFunction('crema_relu_forward', ['pointer', 'pointer', 'i64', 'f32']) as (
  x: Values,
  y: Values,
  count: number,
  slope: number,
) => void;

/** `gate` has the sign of x: x, or y where slope ≥ 0. */
export const reluBackward = hostFunction('crema_relu_backward', ['pointer', 'pointer', 'pointer', 'i64', 'f32']) as (
  gate: Values,
  dy: Values,
  dx: Values,
  count: number,
  slope: number,
) => void;

const preluF = hostFunction('crema_prelu_forward', ['pointer', 'pointer', 'pointer', 'i64', 'i64', 'i64', 'i32']);
const preluB = hostFunction('crema_prelu_backward_data', [
  'pointer',
  'pointer',
  'pointer',
  'pointer',
  'i64',
  'i64',
  'i64',
  'i32',
]);
const preluS = hostFunction('crema_prelu_backward_slope', [
  'pointer',
  'pointer',
  'pointer',
  'i64',
  'i64',
  'i64',
  'i64',
  'i64',
  'i32',
]);

/** One slope per row index of `r`, or one for all if `shared`. */
export function preluForward(x: Values, slope: Values, y: Values, r: Rows, shared: boolean): void {
  preluF(x, slope, y, r.outer, r.size, r.inner, Number(shared));
}

export function preluBackwardData(x: Values, slope: Values, dy: Values, dx: Values, r: Rows, shared: boolean): void {
  preluB(x, slope, dy, dx, r.outer, r.size, r.inner, Number(shared));
}

/** slopeDiff is added to. */
export function preluBackwardSlope(x: Values, dy: Values, slopeDiff: Values, r: Rows, shared: boolean): void {
  preluS(x, dy, slopeDiff, r.outer, r.size, r.inner, r.lanes, r.batch, Number(shared));
}

const mask = hostFunction('crema_dropout_mask', ['pointer', 'i64', 'i64', 'i64', 'u32', 'u64', 'u32', 'u64']);

/** Sets mask[i] to 0 with probability `ratio`, else 1. The same elements fall in every layout; `random` moves on. */
export function dropoutMask(target: Uint8Array, g: Geometry, ratio: number, random: RandomStream): void {
  const rest = g.channels * g.height * g.width;
  const threshold = Math.min(2 ** 32 - 1, Math.round(ratio * 2 ** 32));
  mask(target, g.batch, rest, g.lanes, threshold, random.seed, random.stream, random.position);
  random.position += roundUp(g.batch * rest, 4);
}

/** y = x · scale where kept, else 0. */
export const dropoutApply = hostFunction('crema_dropout_apply', ['pointer', 'pointer', 'pointer', 'i64', 'f32']) as (
  x: Values,
  mask: Uint8Array,
  y: Values,
  count: number,
  scale: number,
) => void;
