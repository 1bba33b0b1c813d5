import { type Blob, geometry } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import {
  averagePoolBackward,
  averagePoolForward,
  indexToFloat,
  maxPoolBackward,
  maxPoolForward,
  type PoolGeometry,
  poolArguments,
  stochasticPoolTest,
  stochasticPoolTrain,
} from '../math/pooling.ts';
import { create, PoolingParameter_PoolMethod as Method } from '../proto/index.ts';
import { countBetween } from './axes.ts';
import type { LayerContext, LayerType } from './layer.ts';
import { intScratch } from './memory.ts';
import { decodePooling } from './pooling-window.ts';

/**
 * MAX (a second top receives the place of each maximum, h · width + w), AVE and STOCHASTIC pooling over [N, C, H, W].
 * Sizes round up, as in Caffe. Average windows divide by their area within the padded input.
 */
export const poolingLayer: LayerType = {
  type: 'Pooling',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 2 },
  layouts: 'any',
  backwardReads: { bottoms: false, tops: false },
  plannedBytes(param, { tops, phase }) {
    const method = param.pooling_param?.pool ?? Method.MAX;
    return method === Method.MAX || (method === Method.STOCHASTIC && phase === 'TRAIN') ? 4 * tops[0]!.stored : 0;
  },
  create(param, context: LayerContext) {
    const p = param.pooling_param ?? create('PoolingParameter');
    const index = intScratch();
    let pool: PoolGeometry | undefined;
    let packed: BigInt64Array | undefined;
    let packedFor: Blob | undefined;
    const argumentsOf = (bottom: Blob) => {
      if (!packed || packedFor !== bottom) packed = poolArguments(geometry(bottom.shape, bottom.layout), pool!);
      packedFor = bottom;
      return packed;
    };
    return {
      params: [],
      privateBytes() {
        return index.bytes;
      },
      reshape([bottom]) {
        pool = decodePooling(p, bottom!);
        packed = undefined;
        if (p.pool === Method.STOCHASTIC && (pool.pad[0] > 0 || pool.pad[1] > 0)) {
          throw inputError({
            message: 'stochastic pooling with padding',
            path: 'pooling_param > pad',
            expected: 'pad 0, or MAX or AVE pooling',
            code: 'pad-range',
          });
        }
        if (param.top.length > 1 && p.pool !== Method.MAX) {
          throw inputError({
            message: 'a second top (the mask) of a pooling other than MAX',
            path: 'top',
            expected: 'one top',
            code: 'arity',
          });
        }
        const top = [bottom![0]!, bottom![1]!, ...pool.out];
        return param.top.length > 1 ? [top, top] : [top];
      },
      forward([bottom], [top, mask]) {
        const x = bottom!.data;
        const y = top!.data;
        if (p.pool === Method.AVE) return averagePoolForward(x, y, argumentsOf(bottom!));
        if (p.pool === Method.STOCHASTIC && context.phase === 'TEST')
          return stochasticPoolTest(x, y, argumentsOf(bottom!));
        const places = index.take(y.length);
        if (p.pool === Method.STOCHASTIC) {
          const draws = countBetween(top!.shape, 0);
          return stochasticPoolTrain(x, y, places, argumentsOf(bottom!), bottom!.shape[1]!, context.random, draws);
        }
        maxPoolForward(x, y, places, argumentsOf(bottom!));
        if (mask) indexToFloat(places, mask.data, y.length);
      },
      backward([top], [wanted], [bottom]) {
        if (!wanted) return;
        if (p.pool === Method.AVE) averagePoolBackward(top!.diff, bottom!.diff, argumentsOf(bottom!));
        else maxPoolBackward(index.take(top!.diff.length), top!.diff, bottom!.diff, argumentsOf(bottom!));
      },
      saveState: () => ({ position: context.random.position }),
      loadState(state) {
        context.random.position = (state as { position: number }).position;
      },
    };
  },
};
