import { inputError } from '../core/index.ts';
import { rows } from '../math/host.ts';
import { preluBackwardData, preluBackwardSlope, preluForward } from '../math/neuron.ts';
import { create } from '../proto/index.ts';
import { shapeText } from './axes.ts';
import type { LayerType, ParamSpec } from './layer.ts';
import { floatScratch, inPlace } from './memory.ts';

/** max(x, 0) + slope · min(x, 0) with a learned slope per channel (axis 1), or one for all. Caffe starts slopes at 0.25. */
export const preluLayer: LayerType = {
  type: 'PReLU',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'any',
  inPlace: true,
  backwardReads: (_, inPlace) => ({ bottoms: !inPlace, tops: false }),
  plannedBytes: (_, { bottoms, inPlace, backward }) => (backward && inPlace ? 4 * bottoms[0]!.stored : 0),
  create(param) {
    const p = param.prelu_param ?? create('PReLUParameter');
    const shared = p.channel_shared;
    const kept = floatScratch();
    let keeps = false;
    const params: ParamSpec[] = [];
    return {
      params,
      privateBytes() {
        return kept.bytes;
      },
      reshape([bottom]) {
        if (bottom!.length < 2) {
          throw inputError({
            message: `PReLU gets a bottom of shape ${shapeText(bottom!)}`,
            expected: 'at least 2 axes',
            path: 'bottom',
            code: 'axes',
          });
        }
        const filler = p.filler ?? create('FillerParameter', { type: 'constant', value: 0.25 });
        params.splice(0, params.length, { name: 'slope', shape: shared ? [] : [bottom![1]!], filler });
        return [bottom!];
      },
      forward([bottom], [top], [slope], keep = true) {
        const x = bottom!.data;
        keeps = keep && inPlace(bottom!, top!);
        if (keeps) kept.take(x.length).set(x);
        preluForward(x, slope!.data, top!.data, rows(bottom!.shape, bottom!.layout, 1, 1), shared);
      },
      backward([top], [wanted], [bottom], [slope], [slopeWanted]) {
        const x = keeps ? kept.take(bottom!.data.length) : bottom!.data;
        const r = rows(bottom!.shape, bottom!.layout, 1, 1);
        if (slopeWanted) preluBackwardSlope(x, top!.diff, slope!.diff, r, shared);
        if (wanted) preluBackwardData(x, slope!.data, top!.diff, bottom!.diff, r, shared);
      },
    };
  },
};
