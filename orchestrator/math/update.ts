import type { CType } from '../native/index.ts';
import { hostFunction } from './host.ts';

/** What every update rule does to the accumulated diff first. */
export interface Regularisation {
  /** Factor on the diff: gradient clipping times 1 / iter_size. */
  readonly scale: number;
  /** 1: decay · sign(w), 2: decay · w is added; 0: nothing. */
  readonly power: 0 | 1 | 2;
  readonly decay: number;
}

const RULE: readonly CType[] = ['i64', 'f32', 'i32', 'f32', 'f32'];
const P = 'pointer';
const sgd = hostFunction('crema_update_sgd', [P, P, P, ...RULE, 'f32']);
const nesterov = hostFunction('crema_update_nesterov', [P, P, P, ...RULE, 'f32']);
const adagrad = hostFunction('crema_update_adagrad', [P, P, P, ...RULE, 'f32']);
const rmsprop = hostFunction('crema_update_rmsprop', [P, P, P, ...RULE, 'f32', 'f32']);
const adadelta = hostFunction('crema_update_adadelta', [P, P, P, P, ...RULE, 'f32', 'f32']);
const adam = hostFunction('crema_update_adam', [P, P, P, P, ...RULE, 'f32', 'f32', 'f32']);
const squares = hostFunction('crema_sum_squares', [P, 'i64', P]);
const magnitudes = hostFunction('crema_sum_magnitudes', [P, 'i64', P]);

type A = Float32Array;

/** weight -= history = rate · g + momentum · history. All updates are one pass, element by element, in place. */
export function updateSgd(weight: A, diff: A, history: A, r: Regularisation, rate: number, momentum: number): void {
  sgd(weight, diff, history, weight.length, r.scale, r.power, r.decay, rate, momentum);
}

/** history as in SGD; weight -= (1 + momentum) · new history − momentum · old history. */
export function updateNesterov(
  weight: A,
  diff: A,
  history: A,
  r: Regularisation,
  rate: number,
  momentum: number,
): void {
  nesterov(weight, diff, history, weight.length, r.scale, r.power, r.decay, rate, momentum);
}

/** history += g²; weight -= rate · g / (√history + delta). */
export function updateAdaGrad(weight: A, diff: A, history: A, r: Regularisation, rate: number, delta: number): void {
  adagrad(weight, diff, history, weight.length, r.scale, r.power, r.decay, rate, delta);
}

/** history = (1 − keep) · g² + keep · history; weight -= rate · g / (√history + delta). */
export function updateRmsProp(
  weight: A,
  diff: A,
  history: A,
  r: Regularisation,
  rate: number,
  delta: number,
  keep: number,
): void {
  rmsprop(weight, diff, history, weight.length, r.scale, r.power, r.decay, rate, delta, keep);
}

/** `gradients` and `steps` are the running means of g² and of step². */
export function updateAdaDelta(
  weight: A,
  diff: A,
  gradients: A,
  steps: A,
  r: Regularisation,
  rate: number,
  delta: number,
  keep: number,
): void {
  adadelta(weight, diff, gradients, steps, weight.length, r.scale, r.power, r.decay, rate, delta, keep);
}

/** `rate` includes the bias correction √(1 − β2^t) / (1 − β1^t). */
export function updateAdam(
  weight: A,
  diff: A,
  first: A,
  second: A,
  r: Regularisation,
  rate: number,
  delta: number,
  beta1: number,
  beta2: number,
): void {
  adam(weight, diff, first, second, weight.length, r.scale, r.power, r.decay, rate, delta, beta1, beta2);
}

const sum = new Float64Array(1);

/** Sum of squares in double precision; the same bits for any number of threads. */
export function sumSquares(values: Float32Array): number {
  squares(values, values.length, sum);
  return sum[0]!;
}

/** Sum of magnitudes in double precision; the same bits for any number of threads. */
export function sumMagnitudes(values: Float32Array): number {
  magnitudes(values, values.length, sum);
  return sum[0]!;
}
