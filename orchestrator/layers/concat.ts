import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { copyRows } from '../math/copies.ts';
import { type ConcatParameter, create, isSet } from '../proto/index.ts';
import { canonicalAxis, shapeText } from './axes.ts';
import { cut, cutLayouts } from './join.ts';
import type { Layer, LayerType } from './layer.ts';

/** The axis as given: `axis`, or the older `concat_dim`. */
const axisOf = (settings: ConcatParameter | null): number =>
  isSet(settings, 'concat_dim') ? settings!.concat_dim : (settings?.axis ?? 1);

class Concat implements Layer {
  readonly params = [];
  private readonly given: number;
  private axis = 1;

  constructor(settings: ConcatParameter) {
    if (isSet(settings, 'axis') && isSet(settings, 'concat_dim')) {
      throw inputError({
        message: 'both axis and concat_dim are given',
        path: 'concat_param > concat_dim',
        expected: 'one of them',
        hint: 'concat_dim is the older name: keep axis',
        code: 'axis-twice',
      });
    }
    this.given = axisOf(settings);
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const first = bottoms[0]!;
    this.axis = canonicalAxis(this.given, first, 'concat_param > axis');
    const top = [...first];
    bottoms.slice(1).forEach((shape, i) => {
      if (shape.length !== first.length || shape.some((d, a) => a !== this.axis && d !== first[a])) {
        throw inputError({
          message: `bottom 0 is ${shapeText(first)}, bottom ${i + 1} is ${shapeText(shape)}`,
          path: `bottom[${i + 1}]`,
          expected: `shapes that differ in axis ${this.axis} only`,
          code: 'concat-shape',
        });
      }
      top[this.axis]! += shape[this.axis]!;
    });
    return [top];
  }

  forward(bottoms: readonly Blob[], [top]: readonly Blob[]): void {
    this.copy(bottoms, top!, (bottom, at, length, rows, stride) =>
      copyRows(rows, length, bottom.data, length, top!.data.subarray(at), stride),
    );
  }

  backward([top]: readonly Blob[], wanted: readonly boolean[], bottoms: readonly Blob[]): void {
    this.copy(bottoms, top!, (bottom, at, length, rows, stride, i) => {
      if (wanted[i]) copyRows(rows, length, top!.diff.subarray(at), stride, bottom.diff, length);
    });
  }

  private copy(
    bottoms: readonly Blob[],
    top: Blob,
    each: (bottom: Blob, at: number, length: number, rows: number, stride: number, i: number) => void,
  ): void {
    const { outer, inner } = cut(top.shape, top.layout, this.axis);
    const stride = top.shape[this.axis]! * inner;
    let at = 0;
    bottoms.forEach((bottom, i) => {
      const length = bottom.shape[this.axis]! * inner;
      each(bottom, at, length, outer, stride, i);
      at += length;
    });
  }
}

/** Bottoms side by side along one axis. */
export const concatLayer: LayerType = {
  type: 'Concat',
  bottoms: { min: 1, max: Number.MAX_SAFE_INTEGER },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  layoutsFor: (param, bottoms) => cutLayouts(axisOf(param.concat_param), bottoms[0]!.length),
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new Concat(param.concat_param ?? create('ConcatParameter')),
};
