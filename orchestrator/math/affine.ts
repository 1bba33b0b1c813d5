import { hostFunction, type Rows } from './host.ts';

type Values = Float32Array;
const scale = hostFunction('crema_scale_forward', ['pointer', 'pointer', 'pointer', 'pointer', 'i64', 'i64', 'i64']);
const bias = hostFunction('crema_bias_forward', ['pointer', 'pointer', 'pointer', 'i64', 'i64', 'i64']);
const params = hostFunction('crema_scale_backward_params', [
  'pointer',
  'pointer',
  'pointer',
  'pointer',
  'i64',
  'i64',
  'i64',
  'i64',
  'i64',
]);

/** y = x · factor + shift (or null), the factors along `r.size`; y may be x. */
export function scaleForward(x: Values, factor: Values, shift: Values | null, y: Values, r: Rows): void {
  scale(x, factor, shift, y, r.outer, r.size, r.inner);
}

/** y = x + shift; y may be x. */
export function biasForward(x: Values, shift: Values, y: Values, r: Rows): void {
  bias(x, shift, y, r.outer, r.size, r.inner);
}

/** factorDiff += Σ dy · x and shiftDiff += Σ dy, padding lanes left out; either may be null, x is then not read. */
export function scaleBackwardParams(
  x: Values,
  dy: Values,
  factorDiff: Values | null,
  shiftDiff: Values | null,
  r: Rows,
): void {
  params(x, dy, factorDiff, shiftDiff, r.outer, r.size, r.inner, r.lanes, r.batch);
}
