import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { MAX_SPATIAL_AXES } from '../math/convolution.ts';
import { type ConvolutionParameter, isSet } from '../proto/index.ts';
import { canonicalAxis, countBetween, shapeText } from './axes.ts';

/** A kernel sliding over the axes after the channels, decoded from `convolution_param` for one bottom shape. */
export interface Sliding {
  readonly axis: number;
  /** Product of the axes before the channels. */
  readonly batch: number;
  readonly channels: number;
  readonly in: readonly number[];
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
  readonly dilation: readonly number[];
}

const refuse = (field: string, message: string, expected: string, code: string) =>
  inputError({ message, path: `convolution_param > ${field}`, expected, code });

/** One value per spatial axis from the repeated field or from its `_h` and `_w` form, by Caffe's rules. */
function perAxis(
  p: ConvolutionParameter,
  axes: number,
  field: 'kernel_size' | 'stride' | 'pad' | 'dilation',
  pair: readonly ['kernel_h' | 'stride_h' | 'pad_h', 'kernel_w' | 'stride_w' | 'pad_w'] | undefined,
  fallback: number | undefined,
  least: number,
): number[] {
  let values: number[];
  if (pair && (isSet(p, pair[0]) || isSet(p, pair[1]))) {
    const names = `${pair[0]} and ${pair[1]}`;
    if (axes !== 2) throw refuse(pair[0], `${names} with ${axes} spatial axes`, '2 spatial axes', 'kernel-form');
    if (isSet(p, field)) {
      throw refuse(
        field,
        `both ${field} and ${names} are given`,
        `either ${field} or ${names}, not both`,
        'kernel-form',
      );
    }
    values = [p[pair[0]], p[pair[1]]];
  } else {
    const given = p[field];
    const usable = given.length === 1 || given.length === axes || (given.length === 0 && fallback !== undefined);
    if (!usable) {
      const expected = `${field} once, or once per spatial axis (${axes})`;
      throw refuse(field, `${field} is given ${given.length} times`, expected, 'kernel-count');
    }
    values = Array.from({ length: axes }, (_, i) =>
      given.length === 0 ? fallback! : given[given.length === 1 ? 0 : i]!,
    );
  }
  const bad = values.find((v) => v < least || v >= 2 ** 31);
  if (bad !== undefined) throw refuse(field, `${field} is ${bad}`, `at least ${least}`, 'kernel-range');
  return values;
}

/** Decodes kernel, stride, pad and dilation. Throws input errors that name the field. */
export function decodeSliding(p: ConvolutionParameter, bottom: Shape): Sliding {
  const axis = canonicalAxis(p.axis, bottom, 'convolution_param > axis');
  const spatial = bottom.slice(axis + 1);
  if (spatial.length > MAX_SPATIAL_AXES) {
    throw refuse('axis', `${spatial.length} spatial axes`, `at most ${MAX_SPATIAL_AXES}`, 'spatial-axes');
  }
  return {
    axis,
    batch: countBetween(bottom, 0, axis),
    channels: bottom[axis]!,
    in: spatial,
    kernel: perAxis(p, spatial.length, 'kernel_size', ['kernel_h', 'kernel_w'], undefined, 1),
    stride: perAxis(p, spatial.length, 'stride', ['stride_h', 'stride_w'], 1, 1),
    pad: perAxis(p, spatial.length, 'pad', ['pad_h', 'pad_w'], 0, 0),
    dilation: perAxis(p, spatial.length, 'dilation', undefined, 1, 1),
  };
}

/** Output sizes of the sliding kernel, or of its transpose. C++'s division: a kernel one stride too large still gives 0 or 1. */
export function slidingOutput(s: Sliding, transposed = false): number[] {
  return s.in.map((size, i) => {
    const extent = s.dilation[i]! * (s.kernel[i]! - 1) + 1;
    const out = transposed
      ? s.stride[i]! * (size - 1) + extent - 2 * s.pad[i]!
      : Math.trunc((size + 2 * s.pad[i]! - extent) / s.stride[i]!) + 1;
    if (out < 0) {
      throw inputError({
        message: `a kernel of extent ${extent} does not fit spatial axis ${i} of size ${size} with pad ${s.pad[i]} (output ${out})`,
        path: 'convolution_param > kernel_size',
        expected: `a kernel of at most ${size + 2 * s.pad[i]!}`,
        code: 'kernel-too-large',
      });
    }
    return out;
  });
}

/** All bottoms of a convolution have one shape. */
export function checkEqualBottoms(bottoms: readonly Shape[]): void {
  const first = bottoms[0]!;
  for (const [i, shape] of bottoms.entries()) {
    if (shape.length === first.length && shape.every((d, k) => d === first[k])) continue;
    throw inputError({
      message: `bottom[${i}] has the shape ${shapeText(shape)}`,
      expected: `${shapeText(first)}, as bottom[0]`,
      path: 'bottom',
      code: 'shape-mismatch',
    });
  }
}
