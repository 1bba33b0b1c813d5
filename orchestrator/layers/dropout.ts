import { geometry } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { dropoutApply, dropoutMask } from '../math/neuron.ts';
import { create } from '../proto/index.ts';
import type { LayerType } from './layer.ts';
import { byteScratch, inPlace } from './memory.ts';

/**
 * TRAIN: zeroes an element with probability dropout_ratio and multiplies the others by 1 / (1 - dropout_ratio). TEST: copies.
 * An element's draw depends on the layer's stream and its row-major place only: the same in every layout, with any threads.
 */
export const dropoutLayer: LayerType = {
  type: 'Dropout',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'any',
  inPlace: true,
  backwardReads: { bottoms: false, tops: false },
  plannedBytes: (_, { bottoms, phase }) => (phase === 'TRAIN' ? bottoms[0]!.stored : 0),
  create(param, { phase, random }) {
    const p = param.dropout_param ?? create('DropoutParameter');
    const ratio = p.dropout_ratio;
    const mask = byteScratch();
    const train = phase === 'TRAIN';
    return {
      params: [],
      privateBytes() {
        return mask.bytes;
      },
      reshape([bottom]) {
        checkRatio(ratio);
        return [bottom!];
      },
      forward([bottom], [top]) {
        const x = bottom!.data;
        if (train) {
          const kept = mask.take(x.length);
          dropoutMask(kept, geometry(bottom!.shape, bottom!.layout), ratio, random);
          dropoutApply(x, kept, top!.data, x.length, 1 / (1 - ratio));
        } else if (!inPlace(bottom!, top!)) top!.data.set(x);
      },
      backward([top], [wanted], [bottom]) {
        if (!wanted) return;
        const { length } = top!.diff;
        if (train) dropoutApply(top!.diff, mask.take(length), bottom!.diff, length, 1 / (1 - ratio));
        else if (top!.diff.byteOffset !== bottom!.diff.byteOffset || top!.diff.buffer !== bottom!.diff.buffer)
          bottom!.diff.set(top!.diff);
      },
      saveState: () => ({ position: random.position }),
      loadState(state) {
        random.position = (state as { position: number }).position;
      },
    };
  },
};

function checkRatio(ratio: number): void {
  if (ratio >= 0 && ratio < 1) return;
  throw inputError({
    message: `dropout_ratio is ${ratio}`,
    path: 'dropout_param > dropout_ratio',
    expected: 'a number from 0 up to but not including 1',
    code: 'dropout-ratio',
  });
}
