import type { Blob } from '../blob/index.ts';
import { geometry } from '../blob/index.ts';
import type { CType } from '../native/index.ts';
import { hostFunction } from './host.ts';

/** y = f(x) over `count` elements; x may be y. `settings` are the scalars of the function, in the order of its C++. */
export type Forward = (count: number, x: Float32Array, y: Float32Array, ...settings: number[]) => void;
/** dx = dy · f'(…), where `kept` is x or y as the function's C++ says; dx may be dy. */
export type Backward = (
  count: number,
  kept: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  ...settings: number[]
) => void;

const floats = (n: number): CType[] => new Array<CType>(n).fill('f32');
const forward = (name: string, settings = 0): Forward =>
  hostFunction(`crema_${name}`, ['i64', 'pointer', 'pointer', ...floats(settings)]);
const backward = (name: string, settings = 0): Backward =>
  hostFunction(`crema_${name}`, ['i64', 'pointer', 'pointer', 'pointer', ...floats(settings)]);

export const sigmoidForward = forward('sigmoid_forward');
/** From y. */
export const sigmoidBackward = backward('sigmoid_backward');
export const tanhForward = forward('tanh_forward');
/** From y. */
export const tanhBackward = backward('tanh_backward');
/** alpha */
export const eluForward = forward('elu_forward', 1);
export const eluBackward = backward('elu_backward', 1);
/** beta */
export const swishForward = forward('swish_forward', 1);
export const swishBackward = backward('swish_backward', 1);
export const bnllForward = forward('bnll_forward');
export const bnllBackward = backward('bnll_backward');
export const absForward = forward('abs_forward');
export const absBackward = backward('abs_backward');
/** threshold */
export const thresholdForward = forward('threshold_forward', 1);
/** low, high */
export const clipForward = forward('clip_forward', 2);
export const clipBackward = backward('clip_backward', 2);
/** power, scale, shift: (scale · x + shift)^power */
export const powerForward = forward('power_forward', 3);
export const powerBackward = backward('power_backward', 3);
/** scale, shift */
export const affine = forward('affine', 2);
/** inner, outer: outer · e^(inner · x) */
export const expForward = forward('exp_forward', 2);
/** From y; inner. */
export const expBackward = backward('exp_backward', 1);
/** scale, shift, outer: outer · ln(scale · x + shift) */
export const logForward = forward('log_forward', 3);
export const logBackward = backward('log_backward', 3);

const zero = hostFunction('crema_zero_padding', ['i64', 'i64', 'i64', 'pointer']);

/** Zeros in the lanes beyond the batch, where the function just applied need not be finite (log, negative powers). */
export function zeroPadding(blob: Blob, values: Float32Array): void {
  const { batch, lanes, blocks, channels, height, width } = geometry(blob.shape, blob.layout);
  const used = batch % lanes;
  if (lanes === 1 || used === 0) return;
  const rest = channels * height * width;
  zero(rest, lanes, used, values.subarray((blocks - 1) * rest * lanes));
}
