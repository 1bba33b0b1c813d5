import { hostFunction } from './host.ts';

type Scaled = (count: number, a: number, x: Float32Array, out: Float32Array) => void;

/** out = a · x */
export const scaleInto = hostFunction('crema_eltwise_scale', ['i64', 'f32', 'pointer', 'pointer']) as Scaled;
/** out += a · x */
export const accumulate = hostFunction('crema_eltwise_accumulate', ['i64', 'f32', 'pointer', 'pointer']) as Scaled;

/** out = a · x + b · y; out may be x or y. */
export const weightedSum = hostFunction('crema_eltwise_sum', [
  'i64',
  'f32',
  'pointer',
  'f32',
  'pointer',
  'pointer',
]) as (count: number, a: number, x: Float32Array, b: number, y: Float32Array, out: Float32Array) => void;

/** out = x · y; out may be x or y. */
export const product = hostFunction('crema_eltwise_product', ['i64', 'pointer', 'pointer', 'pointer']) as (
  count: number,
  x: Float32Array,
  y: Float32Array,
  out: Float32Array,
) => void;

/** dx = top / x · dy */
export const quotient = hostFunction('crema_eltwise_quotient', ['i64', 'pointer', 'pointer', 'pointer', 'pointer']) as (
  count: number,
  top: Float32Array,
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
) => void;

/** out = max(x, y); mask 0 or 1 says which, of equal ones y. */
export const maximum = hostFunction('crema_eltwise_max', ['i64', 'pointer', 'pointer', 'pointer', 'pointer']) as (
  count: number,
  x: Float32Array,
  y: Float32Array,
  out: Float32Array,
  mask: Int32Array,
) => void;

/** out = max(out, x), with `index` in the mask where x is greater. */
export const maximumNext = hostFunction('crema_eltwise_max_next', ['i64', 'pointer', 'pointer', 'pointer', 'i32']) as (
  count: number,
  x: Float32Array,
  out: Float32Array,
  mask: Int32Array,
  index: number,
) => void;

/** dx = dy where the mask holds `index`, else 0. */
export const maximumBackward = hostFunction('crema_eltwise_max_backward', [
  'i64',
  'pointer',
  'i32',
  'pointer',
  'pointer',
]) as (count: number, mask: Int32Array, index: number, dy: Float32Array, dx: Float32Array) => void;
