import type { Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { create, type FlattenParameter } from '../proto/index.ts';
import { canonicalAxis, countBetween } from './axes.ts';
import type { LayerType } from './layer.ts';
import { RenamedShape, renamedLayouts } from './renamed.ts';

function flattened(settings: FlattenParameter | null, bottom: Shape): Shape {
  const { axis, end_axis } = settings ?? create('FlattenParameter');
  const begin = canonicalAxis(axis, bottom, 'flatten_param > axis');
  const end = canonicalAxis(end_axis, bottom, 'flatten_param > end_axis');
  if (end < begin) {
    throw inputError({
      message: `axis ${begin} comes after end_axis ${end}`,
      path: 'flatten_param > end_axis',
      expected: `an axis from ${begin} on`,
      code: 'axis-range',
    });
  }
  return [...bottom.slice(0, begin), countBetween(bottom, begin, end + 1), ...bottom.slice(end + 1)];
}

/** The axes from `axis` to `end_axis` become one. */
export const flattenLayer: LayerType = {
  type: 'Flatten',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  layoutsFor: (param, [bottom]) => renamedLayouts(bottom!, flattened(param.flatten_param, bottom!)),
  sharesData: true,
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new RenamedShape((bottom) => flattened(param.flatten_param, bottom)),
};
