import { type Blob, type Shape, storedCount } from '../blob/index.ts';
import { zeroPadding } from '../math/elementwise.ts';
import type { LayerParameter } from '../proto/index.ts';
import type { Layer, LayerType } from './layer.ts';

/** A function of one element, with its settings bound. */
export interface NeuronFunction {
  forward(count: number, x: Float32Array, y: Float32Array): void;
  /** dx from dy and what the function keeps (x or y); missing where there is no gradient. */
  backward?: ((count: number, kept: Float32Array, dy: Float32Array, dx: Float32Array) => void) | undefined;
  /** Finite values may become infinite, so padding lanes are cleared. */
  readonly unbounded?: boolean;
}

interface NeuronTraits {
  /** What the gradient is computed from. An input overwritten in place is copied first. */
  readonly keeps: 'input' | 'output';
  readonly inPlace?: boolean;
}

/** Two blobs are one memory: the layer runs in place. */
export const sameMemory = (a: Float32Array, b: Float32Array): boolean =>
  a.buffer === b.buffer && a.byteOffset === b.byteOffset;

class NeuronLayer implements Layer {
  readonly params = [];
  readonly backward?: NonNullable<Layer['backward']>;
  private readonly f: NeuronFunction;
  private readonly keeps: 'input' | 'output';
  private saved: Float32Array | undefined;

  constructor(f: NeuronFunction, keeps: 'input' | 'output') {
    this.f = f;
    this.keeps = keeps;
    if (f.backward) this.backward = this.gradient.bind(this);
  }

  privateBytes(): number {
    return this.saved?.byteLength ?? 0;
  }

  reshape([bottom]: readonly Shape[]): Shape[] {
    return [bottom!];
  }

  forward([bottom]: readonly Blob[], [top]: readonly Blob[], _params: readonly Blob[] = [], keep = true): void {
    const count = storedCount(bottom!.shape, bottom!.layout);
    const x = bottom!.data;
    const y = top!.data;
    if (keep && this.f.backward && this.keeps === 'input' && sameMemory(x, y)) {
      if (this.saved?.length !== count) this.saved = new Float32Array(count);
      this.saved.set(x.subarray(0, count));
    }
    this.f.forward(count, x, y);
    if (this.f.unbounded) zeroPadding(top!, y);
  }

  private gradient([top]: readonly Blob[], [wanted]: readonly boolean[], [bottom]: readonly Blob[]): void {
    if (!wanted) return;
    const count = storedCount(bottom!.shape, bottom!.layout);
    const kept = this.keeps === 'output' ? top!.data : (this.saved ?? bottom!.data);
    this.f.backward!(count, kept, top!.diff, bottom!.diff);
    if (this.f.unbounded) zeroPadding(bottom!, bottom!.diff);
  }
}

/** A layer type that applies one function to every element: any shape, any layout, in place unless Caffe refuses that. */
export function neuronType(
  type: string,
  traits: NeuronTraits,
  decode: (param: LayerParameter) => NeuronFunction,
): LayerType {
  return {
    type,
    bottoms: { min: 1, max: 1 },
    tops: { min: 1, max: 1 },
    layouts: 'any',
    inPlace: traits.inPlace ?? true,
    backwardReads: (_, inPlace) => ({ bottoms: traits.keeps === 'input' && !inPlace, tops: traits.keeps === 'output' }),
    plannedBytes: (_, { bottoms, inPlace, backward }) =>
      backward && inPlace && traits.keeps === 'input' ? 4 * bottoms[0]!.stored : 0,
    create: (param) => new NeuronLayer(decode(param), traits.keeps),
  };
}
