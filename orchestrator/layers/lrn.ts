import { type Blob, geometry } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { lrnApply, lrnBackward, lrnForward, lrnJoin, lrnSplit, lrnSquare } from '../math/normalize.ts';
import { averagePoolBackward, averagePoolForward, poolArguments } from '../math/pooling.ts';
import { create, type LRNParameter, LRNParameter_NormRegion as Region } from '../proto/index.ts';
import type { Layer, LayerType } from './layer.ts';
import { floatScratch } from './memory.ts';
import { checkFourAxes, pooledSize } from './pooling-window.ts';

/** y = x · (k + alpha / n · Σ x² over n channels around)^-beta. Nothing is kept: backward computes the sums again. */
function acrossChannels(p: LRNParameter): Layer {
  const extents = (bottom: Blob): [number, number, number] => {
    const g = geometry(bottom.shape, bottom.layout);
    return [g.blocks, g.channels, g.height * g.width * g.lanes];
  };
  return {
    params: [],
    reshape: ([bottom]) => [bottom!],
    forward([bottom], [top]) {
      lrnForward(bottom!.data, top!.data, ...extents(bottom!), p.local_size, p.alpha, p.beta, p.k);
    },
    backward([top], [wanted], [bottom]) {
      if (!wanted) return;
      const x = bottom!.data;
      lrnBackward(x, top!.diff, bottom!.diff, ...extents(bottom!), p.local_size, p.alpha, p.beta, p.k);
    },
  };
}

/** y = x · (1 + alpha · mean of x² over a window)^-beta, window n × n, zero padding counted. `k` has no say here, as in Caffe. */
function withinChannel(p: LRNParameter): Layer {
  const mean = floatScratch();
  const temporary = floatScratch();
  const pad = (p.local_size - 1) / 2;
  const pool = (bottom: Blob) => {
    const g = geometry(bottom.shape, bottom.layout);
    const kernel = [p.local_size, p.local_size] as const;
    return poolArguments(g, { kernel, stride: [1, 1], pad: [pad, pad], out: [g.height, g.width] });
  };
  return {
    params: [],
    privateBytes() {
      return mean.bytes + temporary.bytes;
    },
    reshape([bottom]) {
      const [, , height, width] = bottom!;
      const sizes = [height!, width!].map((size) => pooledSize(size, p.local_size, 1, pad, pad > 0));
      return [[bottom![0]!, bottom![1]!, ...sizes]];
    },
    forward([bottom], [top]) {
      const x = bottom!.data;
      const squares = temporary.take(x.length);
      lrnSquare(x, squares, x.length);
      averagePoolForward(squares, mean.take(x.length), pool(bottom!));
      lrnApply(x, mean.take(x.length), top!.data, x.length, p.alpha, p.beta);
    },
    backward([top], [wanted], [bottom]) {
      if (!wanted) return;
      const x = bottom!.data;
      const m = mean.take(x.length);
      const t = temporary.take(x.length);
      lrnSplit(x, m, top!.diff, bottom!.diff, t, x.length, p.alpha, p.beta);
      averagePoolBackward(t, m, pool(bottom!)); // the mean has done its work: its memory takes the gradient of x²
      lrnJoin(x, m, bottom!.diff, x.length);
    },
  };
}

/** Local response normalisation, both regions; local_size is odd. */
export const lrnLayer: LayerType = {
  type: 'LRN',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'any',
  backwardReads: { bottoms: true, tops: false },
  plannedBytes: (param, { bottoms }) =>
    param.lrn_param?.norm_region === Region.WITHIN_CHANNEL ? 8 * bottoms[0]!.stored : 0,
  create(param) {
    const p = param.lrn_param ?? create('LRNParameter');
    const layer = p.norm_region === Region.WITHIN_CHANNEL ? withinChannel(p) : acrossChannels(p);
    const { reshape } = layer;
    layer.reshape = (bottoms) => {
      if (p.local_size % 2 !== 1) {
        throw inputError({
          message: `local_size is ${p.local_size}`,
          path: 'lrn_param > local_size',
          expected: 'an odd number',
          code: 'lrn-size',
        });
      }
      checkFourAxes(bottoms[0]!, 'LRN');
      return reshape(bottoms);
    };
    return layer;
  },
};
