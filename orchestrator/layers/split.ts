import { type Blob, type Shape, storedCount } from '../blob/index.ts';
import { accumulate, scaleInto, weightedSum } from '../math/eltwise.ts';
import type { Layer, LayerType } from './layer.ts';
import { sameMemory } from './neuron.ts';

class Split implements Layer {
  readonly params = [];
  private readonly tops: number;

  constructor(tops: number) {
    this.tops = tops;
  }

  reshape([bottom]: readonly Shape[]): Shape[] {
    return new Array<Shape>(this.tops).fill(bottom!);
  }

  forward([bottom]: readonly Blob[], tops: readonly Blob[]): void {
    const count = storedCount(bottom!.shape, bottom!.layout);
    for (const top of tops) {
      if (!sameMemory(top.data, bottom!.data)) top.data.set(bottom!.data.subarray(0, count));
    }
  }

  backward(tops: readonly Blob[], [wanted]: readonly boolean[], [bottom]: readonly Blob[]): void {
    if (!wanted) return;
    const count = storedCount(bottom!.shape, bottom!.layout);
    const sum = bottom!.diff;
    if (tops.length === 1) scaleInto(count, 1, tops[0]!.diff, sum);
    else weightedSum(count, 1, tops[0]!.diff, 1, tops[1]!.diff, sum);
    for (const top of tops.slice(2)) accumulate(count, 1, top.diff, sum);
  }
}

/** One blob for several consumers: the tops are the bottom's memory, their gradients are summed. */
export const splitLayer: LayerType = {
  type: 'Split',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  layouts: 'any',
  sharesData: true,
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new Split(param.top.length),
};
