import type { Blob } from '../blob/index.ts';
import { rows } from '../math/host.ts';
import { softmaxBackward, softmaxForward } from '../math/normalize.ts';
import { create } from '../proto/index.ts';
import { canonicalAxis } from './axes.ts';
import type { LayerType } from './layer.ts';

/** y = e^(x - max) / Σ along `axis` (default 1). */
export const softmaxLayer: LayerType = {
  type: 'Softmax',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  layoutsFor: (param, [bottom]) => {
    const axis = param.softmax_param?.axis ?? 1;
    return axis > 0 || (axis < 0 && axis + bottom!.length > 0) ? 'any' : 'nchw';
  },
  inPlace: true,
  backwardReads: { bottoms: false, tops: true },
  create(param) {
    const p = param.softmax_param ?? create('SoftmaxParameter');
    let axis = 1;
    const extents = ({ shape, layout }: Blob): [number, number, number] => {
      const { outer, size, inner } = rows(shape, layout, axis, 1);
      return [outer, size, inner];
    };
    return {
      params: [],
      reshape([bottom]) {
        axis = canonicalAxis(p.axis, bottom!, 'softmax_param > axis');
        return [bottom!];
      },
      forward([bottom], [top]) {
        softmaxForward(bottom!.data, top!.data, ...extents(bottom!));
      },
      backward([top], [wanted], [bottom]) {
        if (wanted) softmaxBackward(top!.data, top!.diff, bottom!.diff, ...extents(bottom!));
      },
    };
  },
};
