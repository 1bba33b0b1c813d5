import { hostFunction } from './host.ts';

/** A convolution on row-major blobs: images [batch][channels][in…], outputs [batch][outputs][out…], any number of spatial axes. */
export interface ConvolutionGeometry {
  readonly batch: number;
  readonly channels: number;
  readonly outputs: number;
  readonly group: number;
  readonly in: readonly number[];
  readonly out: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly dilation: readonly number[];
}

/** The most spatial axes that the C++ takes. */
export const MAX_SPATIAL_AXES = 8;

/** The geometry as the C++ reads it. No spatial axis at all counts as one of size 1. */
export function convolutionArguments(g: ConvolutionGeometry): BigInt64Array {
  const lists = [g.in, g.out, g.kernel, g.stride, g.pad, g.dilation];
  const axes = Math.max(1, g.in.length);
  const perAxis = lists.flatMap((list, i) => (g.in.length > 0 ? list : [i === 4 ? 0 : 1]));
  return BigInt64Array.from([g.batch, g.channels, g.outputs, g.group, axes, ...perAxis].map(BigInt));
}

type Values = Float32Array;
const five = ['pointer', 'pointer', 'pointer', 'pointer', 'pointer'] as const;
const four = ['pointer', 'pointer', 'pointer', 'pointer'] as const;
const three = ['pointer', 'pointer', 'pointer'] as const;

/** y = W * x + bias (or null). `geometry` comes from `convolutionArguments`, here and below. */
export const convolutionForward = hostFunction('crema_convolution_forward', five) as (
  x: Values,
  weights: Values,
  bias: Values | null,
  y: Values,
  geometry: BigInt64Array,
) => void;

/** dx = the transpose of W applied to dy (written, not added). */
export const convolutionBackwardData = hostFunction('crema_convolution_backward_data', four) as (
  dy: Values,
  weights: Values,
  dx: Values,
  geometry: BigInt64Array,
) => void;

/** dW += the sum over the whole batch. */
export const convolutionBackwardWeights = hostFunction('crema_convolution_backward_weights', four) as (
  x: Values,
  dy: Values,
  dw: Values,
  geometry: BigInt64Array,
) => void;

/** y = the im2col matrix of x. */
export const im2col = hostFunction('crema_im2col', three) as (x: Values, y: Values, geometry: BigInt64Array) => void;

/** dx = the sum of the matrix's entries where they came from. */
export const col2im = hostFunction('crema_col2im', three) as (dy: Values, dx: Values, geometry: BigInt64Array) => void;
