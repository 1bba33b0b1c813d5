import { mvnBackward, mvnForward } from '../math/normalize.ts';
import { create } from '../proto/index.ts';
import { countBetween } from './axes.ts';
import type { LayerType } from './layer.ts';
import { floatScratch } from './memory.ts';

/** Mean-variance normalisation of each channel of each image, or of whole images: y = (x - mean) / (deviation + eps). */
export const mvnLayer: LayerType = {
  type: 'MVN',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  backwardReads: { bottoms: false, tops: true },
  create(param) {
    const p = param.mvn_param ?? create('MVNParameter');
    const variance = Number(p.normalize_variance);
    const deviation = floatScratch();
    let rows = 0;
    let length = 0;
    return {
      params: [],
      reshape([bottom]) {
        rows = (bottom![0] ?? 1) * (p.across_channels ? 1 : (bottom![1] ?? 1));
        const count = countBetween(bottom!, 0);
        length = rows === 0 ? 0 : count / rows;
        return [bottom!];
      },
      forward([bottom], [top]) {
        mvnForward(bottom!.data, top!.data, deviation.take(rows), rows, length, variance, p.eps);
      },
      backward([top], [wanted], [bottom]) {
        if (wanted) mvnBackward(top!.data, deviation.take(rows), top!.diff, bottom!.diff, rows, length, variance);
      },
    };
  },
};
