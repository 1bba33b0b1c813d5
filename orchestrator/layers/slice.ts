import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { copyRows } from '../math/copies.ts';
import { create, isSet, type SliceParameter } from '../proto/index.ts';
import { canonicalAxis } from './axes.ts';
import { cut, cutLayouts } from './join.ts';
import type { Layer, LayerType } from './layer.ts';

/** The axis as given: `axis`, or the older `slice_dim`. */
const axisOf = (settings: SliceParameter | null): number =>
  isSet(settings, 'slice_dim') ? settings!.slice_dim : (settings?.axis ?? 1);

class Slice implements Layer {
  readonly params = [];
  private readonly given: number;
  private readonly points: readonly number[];
  private readonly tops: number;
  private axis = 1;

  constructor(settings: SliceParameter, tops: number) {
    if (isSet(settings, 'axis') && isSet(settings, 'slice_dim')) {
      throw inputError({
        message: 'both axis and slice_dim are given',
        path: 'slice_param > slice_dim',
        expected: 'one of them',
        hint: 'slice_dim is the older name: keep axis',
        code: 'axis-twice',
      });
    }
    this.given = axisOf(settings);
    this.points = settings.slice_point;
    this.tops = tops;
  }

  reshape([bottom]: readonly Shape[]): Shape[] {
    this.axis = canonicalAxis(this.given, bottom!, 'slice_param > axis');
    return this.sizes(bottom![this.axis]!).map((size) => bottom!.map((d, a) => (a === this.axis ? size : d)));
  }

  private sizes(total: number): number[] {
    const refuse = (message: string, expected: string, path = 'slice_param > slice_point') =>
      inputError({ message, expected, path, code: 'slice-points' });
    if (this.points.length === 0) {
      if (total % this.tops === 0) return new Array<number>(this.tops).fill(total / this.tops);
      const message = `axis ${this.axis} of size ${total} cannot be cut into ${this.tops} equal parts`;
      throw refuse(message, 'a number of tops that divides it, or slice_point', 'top');
    }
    if (this.points.length !== this.tops - 1) {
      const message = `${this.points.length} slice points for ${this.tops} tops`;
      throw refuse(message, `${this.tops - 1} slice points`);
    }
    const ends = [...this.points, total];
    return ends.map((end, i) => {
      const begin = i === 0 ? 0 : ends[i - 1]!;
      if (end > begin) return end - begin;
      throw refuse(`slice points ${this.points.join(' ')} for ${total}`, `increasing points between 0 and ${total}`);
    });
  }

  forward([bottom]: readonly Blob[], tops: readonly Blob[]): void {
    this.copy(bottom!, tops, (top, at, length, rows, stride) =>
      copyRows(rows, length, bottom!.data.subarray(at), stride, top.data, length),
    );
  }

  backward(tops: readonly Blob[], [wanted]: readonly boolean[], [bottom]: readonly Blob[]): void {
    if (!wanted) return;
    this.copy(bottom!, tops, (top, at, length, rows, stride) =>
      copyRows(rows, length, top.diff, length, bottom!.diff.subarray(at), stride),
    );
  }

  private copy(
    bottom: Blob,
    tops: readonly Blob[],
    each: (top: Blob, at: number, length: number, rows: number, stride: number) => void,
  ): void {
    const { outer, inner } = cut(bottom.shape, bottom.layout, this.axis);
    const stride = bottom.shape[this.axis]! * inner;
    let at = 0;
    for (const top of tops) {
      const length = top.shape[this.axis]! * inner;
      each(top, at, length, outer, stride);
      at += length;
    }
  }
}

/** The bottom cut along one axis, in equal parts or at the slice points. */
export const sliceLayer: LayerType = {
  type: 'Slice',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  layouts: 'nchw',
  layoutsFor: (param, bottoms) => cutLayouts(axisOf(param.slice_param), bottoms[0]!.length),
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new Slice(param.slice_param ?? create('SliceParameter'), param.top.length),
};
