import { type Blob, type Shape, storedCount } from '../blob/index.ts';
import type { Layer } from './layer.ts';
import { sameMemory } from './neuron.ts';

function carry(count: number, from: Float32Array, to: Float32Array): void {
  if (!sameMemory(from, to)) to.set(from.subarray(0, count));
}

/** A layer whose top is its bottom under another shape. Where the two are one memory there is nothing to do. */
export class RenamedShape implements Layer {
  readonly params = [];
  private readonly shapeOf: (bottom: Shape) => Shape;

  constructor(shapeOf: (bottom: Shape) => Shape) {
    this.shapeOf = shapeOf;
  }

  reshape([bottom]: readonly Shape[]): Shape[] {
    return [this.shapeOf(bottom!)];
  }

  forward([bottom]: readonly Blob[], [top]: readonly Blob[]): void {
    carry(storedCount(bottom!.shape, bottom!.layout), bottom!.data, top!.data);
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [bottom]: readonly Blob[]): void {
    if (wanted) carry(storedCount(bottom!.shape, bottom!.layout), top!.diff, bottom!.diff);
  }
}

/** A blocked blob keeps its meaning under another shape as long as the batch axis stays. */
export const renamedLayouts = (bottom: Shape, top: Shape): 'any' | 'nchw' =>
  bottom.length > 0 && top.length > 0 && bottom[0] === top[0] ? 'any' : 'nchw';
