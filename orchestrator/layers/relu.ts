import { reluBackward, reluForward } from '../math/neuron.ts';
import type { LayerType } from './layer.ts';
import { floatScratch } from './memory.ts';

/** max(x, 0) + negative_slope · min(x, 0). Backward needs only y, except for negative slopes, which keep a copy of x. */
export const reluLayer: LayerType = {
  type: 'ReLU',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'any',
  inPlace: true,
  backwardReads: (param) => ({ bottoms: false, tops: (param.relu_param?.negative_slope ?? 0) >= 0 }),
  plannedBytes: (param, { bottoms, backward }) =>
    backward && (param.relu_param?.negative_slope ?? 0) < 0 ? 4 * bottoms[0]!.stored : 0,
  create(param) {
    const slope = param.relu_param?.negative_slope ?? 0;
    const kept = floatScratch();
    return {
      params: [],
      reshape: ([bottom]) => [bottom!],
      privateBytes() {
        return kept.bytes;
      },
      forward([bottom], [top], _params, keep = true) {
        const x = bottom!.data;
        if (slope < 0 && keep) kept.take(x.length).set(x);
        reluForward(x, top!.data, x.length, slope);
      },
      backward([top], [wanted], [bottom]) {
        if (!wanted) return;
        const count = top!.data.length;
        reluBackward(slope < 0 ? kept.take(count) : top!.data, top!.diff, bottom!.diff, count, slope);
      },
    };
  },
};
