import { type Layout, NCHW, type Shape } from '../blob/index.ts';
import { countBetween } from './axes.ts';

/** A blob cut along one axis: `outer` rows, one step of the axis is `inner` elements. Blocked layouts: axis ≥ 1 only. */
export function cut(shape: Shape, layout: Layout, axis: number): { outer: number; inner: number } {
  const { lanes } = layout;
  const inner = countBetween(shape, axis + 1) * lanes;
  if (lanes === NCHW.lanes) return { outer: countBetween(shape, 0, axis), inner };
  return { outer: Math.ceil(shape[0]! / lanes) * countBetween(shape, 1, axis), inner };
}

/** Blocked blobs can be cut along every axis but the batch. */
export const cutLayouts = (axis: number, axes: number): 'any' | 'nchw' =>
  (axis < 0 ? axis + axes : axis) >= 1 ? 'any' : 'nchw';
