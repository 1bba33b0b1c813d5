import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';

/** Caffe's CanonicalAxisIndex: -1 is the last axis. `field` names the setting in the error. */
export function canonicalAxis(axis: number, shape: Shape, field: string): number {
  if (Number.isInteger(axis) && axis >= -shape.length && axis < shape.length)
    return axis < 0 ? axis + shape.length : axis;
  throw inputError({
    message: `axis ${axis} out of range for ${shape.length}-D Blob with shape ${shape.join(' ')}`,
    path: field,
    expected: `an axis from ${-shape.length} to ${shape.length - 1}`,
    code: 'axis-range',
  });
}

/** Product of the axes from `begin` up to but not including `end`. */
export function countBetween(shape: Shape, begin: number, end = shape.length): number {
  let product = 1;
  for (let i = begin; i < end; i++) product *= shape[i]!;
  return product;
}

/** `2 3 8 8 (384)`, as Caffe prints a shape in its messages. */
export const shapeText = (shape: Shape): string => [...shape, `(${countBetween(shape, 0)})`].join(' ');
