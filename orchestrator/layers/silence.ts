import { type Blob, type Shape, storedCount } from '../blob/index.ts';
import type { Layer, LayerType } from './layer.ts';

class Silence implements Layer {
  readonly params = [];

  reshape(_bottoms: readonly Shape[]): Shape[] {
    return [];
  }

  forward(): void {}

  backward(_tops: readonly Blob[], wanted: readonly boolean[], bottoms: readonly Blob[]): void {
    bottoms.forEach((bottom, i) => {
      if (wanted[i]) bottom.diff.fill(0, 0, storedCount(bottom.shape, bottom.layout));
    });
  }
}

/** Takes blobs that nobody else wants, so that they are not printed as outputs. */
export const silenceLayer: LayerType = {
  type: 'Silence',
  bottoms: { min: 1, max: Number.MAX_SAFE_INTEGER },
  tops: { min: 0, max: 0 },
  layouts: 'any',
  backwardReads: { bottoms: false, tops: false },
  create: () => new Silence(),
};
