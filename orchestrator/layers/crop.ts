import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { copyRows } from '../math/copies.ts';
import { create } from '../proto/index.ts';
import { canonicalAxis, countBetween, shapeText } from './axes.ts';
import type { LayerType } from './layer.ts';

/** Calls visit(offset in the large, offset in the small) for each plane of the last two axes of the cropped box. */
function planes(
  large: Shape,
  small: Shape,
  offsets: readonly number[],
  visit: (from: number, to: number) => void,
): void {
  const outer = Math.max(0, small.length - 2);
  const total = countBetween(small, 0, outer);
  const plane = countBetween(small, outer);
  for (let i = 0; i < total; i++) {
    let rest = i;
    let from = 0;
    let stride = countBetween(large, outer);
    for (let axis = outer - 1; axis >= 0; axis--) {
      from += ((rest % small[axis]!) + offsets[axis]!) * stride;
      rest = Math.floor(rest / small[axis]!);
      stride *= large[axis]!;
    }
    const inner = large[large.length - 1]!;
    const row = small.length > 1 ? offsets[small.length - 2]! * inner : 0;
    visit(from + row + offsets[small.length - 1]!, i * plane);
  }
}

/** Cuts bottom 0 to the sizes of bottom 1 from `axis` on, starting at `offset` (one for all of these axes, or one each). */
export const cropLayer: LayerType = {
  type: 'Crop',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  noGradientBottoms: [],
  backwardReads: { bottoms: false, tops: false },
  create(param) {
    const p = param.crop_param ?? create('CropParameter');
    let offsets: number[] = [];
    const copy = (large: Blob, small: Blob, back: boolean) => {
      const [length, rows] = [small.shape.at(-1) ?? 1, small.shape.at(-2) ?? 1];
      const wide = large.shape.at(-1) ?? 1;
      planes(large.shape, small.shape, offsets, (at, to) => {
        if (back) copyRows(rows, length, small.diff.subarray(to), length, large.diff.subarray(at), wide);
        else copyRows(rows, length, large.data.subarray(at), wide, small.data.subarray(to), length);
      });
    };
    return {
      params: [],
      reshape([large, reference]) {
        const axis = canonicalAxis(p.axis, large!, 'crop_param > axis');
        const given = p.offset;
        const cropped = large!.length - axis;
        if (given.length > 1 && given.length !== cropped) {
          throw inputError({
            message: `offset is given ${given.length} times`,
            path: 'crop_param > offset',
            expected: `once, or once for each of the ${cropped} cropped axes`,
            code: 'crop-offset',
          });
        }
        offsets = large!.map((_, i) =>
          i < axis || given.length === 0 ? 0 : given[given.length === 1 ? 0 : i - axis]!,
        );
        return [
          large!.map((size, i) => {
            if (i < axis) return size;
            const wanted = reference![i];
            if (wanted !== undefined && size - offsets[i]! >= wanted) return wanted;
            throw inputError({
              message: `axis ${i} of ${shapeText(large!)} cannot be cropped to ${shapeText(reference!)} from ${offsets[i]}`,
              path: 'crop_param',
              expected: 'a bottom[1] that fits within bottom[0]',
              code: 'crop-bounds',
            });
          }),
        ];
      },
      forward([large], [top]) {
        copy(large!, top!, false);
      },
      backward([top], [wanted], [large]) {
        if (!wanted) return;
        large!.diff.fill(0);
        copy(large!, top!, true);
      },
    };
  },
};
