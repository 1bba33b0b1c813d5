import { biasForward, scaleBackwardParams } from '../math/affine.ts';
import { rows } from '../math/host.ts';
import { create } from '../proto/index.ts';
import { type Broadcast, broadcast, broadcastLayouts, factorParam } from './factor.ts';
import type { LayerType, ParamSpec } from './layer.ts';

/** y = x + shift, broadcast over the axes outside [axis, axis + num_axes). The shift is learned, or bottom 1. */
export const biasLayer: LayerType = {
  type: 'Bias',
  bottoms: { min: 1, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  layoutsFor: (param, bottoms) => broadcastLayouts(param.bias_param ?? create('BiasParameter'), bottoms),
  inPlace: true,
  backwardReads: { bottoms: false, tops: false },
  create(param) {
    const p = param.bias_param ?? create('BiasParameter');
    let span: Broadcast = { axis: 0, count: 0, shape: [] };
    const params: ParamSpec[] = [];
    return {
      params,
      reshape(bottoms) {
        span = broadcast(p, bottoms, 'bias_param');
        params.length = 0;
        if (bottoms.length === 1) params.push(factorParam('bias', span.shape, p.filler));
        return [bottoms[0]!];
      },
      forward([bottom, second], [top], params) {
        const r = rows(bottom!.shape, bottom!.layout, span.axis, span.count);
        biasForward(bottom!.data, (second ?? params[0]!).data, top!.data, r);
      },
      backward([top], propagate, [bottom, second], params, paramPropagate) {
        const dy = top!.diff;
        if (second && propagate[1]) second.diff.fill(0);
        const shiftDiff = second ? propagate[1] && second.diff : paramPropagate[0] && params[0]!.diff;
        const r = rows(bottom!.shape, bottom!.layout, span.axis, span.count);
        if (shiftDiff) scaleBackwardParams(dy, dy, null, shiftDiff, r);
        const dx = bottom!.diff;
        if (propagate[0] && (dx.buffer !== dy.buffer || dx.byteOffset !== dy.byteOffset)) dx.set(dy);
      },
    };
  },
};
