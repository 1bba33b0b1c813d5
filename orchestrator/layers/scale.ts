import { scaleBackwardParams, scaleForward } from '../math/affine.ts';
import { rows } from '../math/host.ts';
import { create } from '../proto/index.ts';
import { type Broadcast, broadcast, broadcastLayouts, factorParam } from './factor.ts';
import type { LayerType, ParamSpec } from './layer.ts';
import { floatScratch, inPlace } from './memory.ts';

/** y = x · factor (+ shift), both broadcast over the axes outside [axis, axis + num_axes). The factor is learned, or bottom 1. */
export const scaleLayer: LayerType = {
  type: 'Scale',
  bottoms: { min: 1, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  layoutsFor: (param, bottoms) => broadcastLayouts(param.scale_param ?? create('ScaleParameter'), bottoms),
  inPlace: true,
  backwardReads: (param, inPlace) => ({ bottoms: !inPlace || param.bottom.length > 1, tops: false }),
  plannedBytes: (_, { bottoms, inPlace, backward }) => (backward && inPlace ? 4 * bottoms[0]!.stored : 0),
  create(param) {
    const p = param.scale_param ?? create('ScaleParameter');
    const kept = floatScratch();
    let keeps = false;
    let span: Broadcast = { axis: 0, count: 0, shape: [] };
    const params: ParamSpec[] = [];
    return {
      params,
      privateBytes() {
        return kept.bytes;
      },
      reshape(bottoms) {
        span = broadcast(p, bottoms, 'scale_param');
        const one = p.filler ?? create('FillerParameter', { type: 'constant', value: 1 });
        params.length = 0;
        if (bottoms.length === 1) params.push(factorParam('scale', span.shape, one));
        if (p.bias_term) params.push(factorParam('bias', span.shape, p.bias_filler));
        return [bottoms[0]!];
      },
      forward([bottom, second], [top], params, keep = true) {
        const x = bottom!.data;
        keeps = keep && inPlace(bottom!, top!);
        if (keeps) kept.take(x.length).set(x);
        const factor = second ?? params[0]!;
        const shift = p.bias_term ? params[params.length - 1]!.data : null;
        scaleForward(x, factor.data, shift, top!.data, rows(bottom!.shape, bottom!.layout, span.axis, span.count));
      },
      backward([top], propagate, [bottom, second], params, paramPropagate) {
        const dy = top!.diff;
        const x = keeps ? kept.take(dy.length) : bottom!.data;
        const r = rows(bottom!.shape, bottom!.layout, span.axis, span.count);
        const factor = second ?? params[0]!;
        const last = params.length - 1;
        if (second && propagate[1]) second.diff.fill(0);
        const factorDiff = (second ? propagate[1] : paramPropagate[0]) ? factor.diff : null;
        const shiftDiff = p.bias_term && paramPropagate[last] ? params[last]!.diff : null;
        if (factorDiff || shiftDiff) scaleBackwardParams(x, dy, factorDiff, shiftDiff, r);
        if (propagate[0]) scaleForward(dy, factor.data, null, bottom!.diff, r);
      },
    };
  },
};
