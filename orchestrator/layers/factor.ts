import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import type { FillerParameter } from '../proto/index.ts';
import { canonicalAxis, shapeText } from './axes.ts';
import type { ParamSpec } from './layer.ts';

/** Where a second operand broadcasts: it covers the axes [axis, axis + count) of the first bottom. */
export interface Broadcast {
  readonly axis: number;
  readonly count: number;
  readonly shape: Shape;
}

interface Settings {
  readonly axis: number;
  readonly num_axes: number;
}

/** Scale's and Bias' rule: the operand is bottom 1, or a learned blob of `num_axes` axes from `axis` on (-1: all). */
export function broadcast(settings: Settings, bottoms: readonly Shape[], group: string): Broadcast {
  const [first, second] = bottoms as [Shape, Shape | undefined];
  const refuse = (field: string, message: string, expected: string) =>
    inputError({ message, path: field === 'bottom' ? field : `${group} > ${field}`, expected, code: 'shape-mismatch' });
  // A scalar operand stands beside any axis, and axis 0 also of a scalar.
  const axis = settings.axis === 0 || second?.length === 0 ? 0 : canonicalAxis(settings.axis, first, `${group} > axis`);
  if (!second && settings.num_axes < -1) throw refuse('num_axes', `num_axes is ${settings.num_axes}`, 'at least -1');
  const count = second ? second.length : settings.num_axes === -1 ? first.length - axis : settings.num_axes;
  if (axis + count > first.length) {
    throw refuse(
      'num_axes',
      `axis ${axis} and ${count} axes of the operand on a bottom of shape ${shapeText(first)}`,
      'axes that lie within the bottom',
    );
  }
  const shape = first.slice(axis, axis + count);
  if (second && !second.every((d, i) => d === shape[i])) {
    const text = `bottom[1] has the shape ${shapeText(second)} at axis ${axis} of ${shapeText(first)}`;
    throw refuse('bottom', text, shapeText(shape));
  }
  return { axis, count, shape };
}

/** Blocked blobs serve where the factors are learned and do not run along the batch. */
export function broadcastLayouts(settings: Settings, bottoms: readonly Shape[]): 'any' | 'nchw' {
  if (bottoms.length > 1 || settings.num_axes === 0) return 'nchw';
  const axis = settings.axis < 0 ? settings.axis + bottoms[0]!.length : settings.axis;
  return axis > 0 ? 'any' : 'nchw';
}

export const factorParam = (name: string, shape: Shape, filler: FillerParameter | null | undefined): ParamSpec => ({
  name,
  shape,
  filler: filler ?? undefined,
});
