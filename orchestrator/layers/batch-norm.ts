import { type Blob, geometry } from '../blob/index.ts';
import { scaleForward } from '../math/affine.ts';
import { batchNormBackward, batchNormNormalize, batchNormStatistics } from '../math/normalize.ts';
import { type BatchNormParameter, create, isSet } from '../proto/index.ts';
import type { LayerType, ParamSpec, Phase } from './layer.ts';
import { floatScratch, inPlace } from './memory.ts';

/** Sizes as the C++ takes them: [blocks][channels][run], lanes inside the run. */
function extents({ shape, layout }: Blob): {
  blocks: number;
  channels: number;
  run: number;
  lanes: number;
  batch: number;
} {
  const g = geometry(shape, layout);
  // A vector has no channel axis: all of it is one channel.
  return { blocks: g.blocks, channels: g.channels, run: g.height * g.width * g.lanes, lanes: g.lanes, batch: g.batch };
}

const usesGlobal = (settings: BatchNormParameter | null, phase: Phase): boolean =>
  isSet(settings, 'use_global_stats') ? settings!.use_global_stats : phase === 'TEST';

/**
 * y = (x - mean) / sqrt(variance + eps) per channel, no affine part. Params: running sums of mean and variance and their
 * weight; the true statistics are the sums over the weight. With use_global_stats (default in TEST) they are used,
 * otherwise the batch's own are, and added: sum ← moving_average_fraction · sum + batch (variance times m / (m - 1)).
 */
export const batchNormLayer: LayerType = {
  type: 'BatchNorm',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'any',
  inPlace: true,
  // In place, a copy of the normalised values is kept; global statistics need none.
  backwardReads: (_, inPlace) => ({ bottoms: !inPlace, tops: false }),
  plannedBytes(param, { bottoms, inPlace, backward, phase }) {
    const global = usesGlobal(param.batch_norm_param, phase);
    return backward && inPlace && !global ? 4 * bottoms[0]!.stored : 0;
  },
  create(param, { phase }) {
    const p = param.batch_norm_param ?? create('BatchNormParameter');
    const useGlobal = usesGlobal(p, phase);
    const kept = floatScratch();
    let keeps = false;
    const params: ParamSpec[] = [];
    let mean = new Float32Array();
    let inverse = new Float32Array();
    let variance = new Float32Array();

    const fromGlobal = (sums: readonly Blob[]) => {
      const weight = sums[2]!.data[0]!;
      const scale = weight === 0 ? 0 : 1 / weight;
      for (let c = 0; c < mean.length; c++) {
        mean[c] = sums[0]!.data[c]! * scale;
        variance[c] = sums[1]!.data[c]! * scale;
      }
    };
    const addTo = (sums: readonly Blob[], samples: number) => {
      const keep = p.moving_average_fraction;
      const correction = samples > 1 ? samples / (samples - 1) : 1;
      sums[2]!.data[0] = sums[2]!.data[0]! * keep + 1;
      for (let c = 0; c < mean.length; c++) {
        sums[0]!.data[c] = mean[c]! + keep * sums[0]!.data[c]!;
        sums[1]!.data[c] = correction * variance[c]! + keep * sums[1]!.data[c]!;
      }
    };
    return {
      params,
      privateBytes() {
        return kept.bytes;
      },
      reshape([bottom]) {
        const channels = bottom!.length > 1 ? bottom![1]! : 1;
        const fixed = { lrMult: 0, decayMult: 0 };
        params.splice(
          0,
          params.length,
          { name: 'mean', shape: [channels], ...fixed },
          { name: 'variance', shape: [channels], ...fixed },
          { name: 'weight', shape: [1], ...fixed },
        );
        mean = new Float32Array(channels);
        variance = new Float32Array(channels);
        inverse = new Float32Array(channels);
        return [bottom!];
      },
      forward([bottom], [top], sums, keep = true) {
        const x = bottom!.data;
        if (x.length === 0) return;
        const e = extents(bottom!);
        if (useGlobal) fromGlobal(sums);
        else {
          batchNormStatistics(x, mean, variance, e.blocks, e.channels, e.run, e.lanes, e.batch);
          addTo(sums, (e.batch * e.run) / e.lanes);
        }
        for (let c = 0; c < mean.length; c++) inverse[c] = 1 / Math.sqrt(variance[c]! + p.eps);
        keeps = keep && !useGlobal && inPlace(bottom!, top!);
        batchNormNormalize(
          x,
          mean,
          inverse,
          top!.data,
          keeps ? kept.take(x.length) : null,
          e.blocks,
          e.channels,
          e.run,
        );
      },
      backward([top], [wanted], [bottom]) {
        const x = bottom!.data;
        if (!wanted || x.length === 0) return;
        const e = extents(bottom!);
        const dy = top!.diff;
        const dx = bottom!.diff;
        if (useGlobal) {
          const rows = { outer: e.blocks, size: e.channels, inner: e.run, lanes: e.lanes, batch: e.batch };
          scaleForward(dy, inverse, null, dx, rows);
          return;
        }
        const source = keeps ? kept.take(x.length) : x;
        const zero = keeps ? new Float32Array(mean.length) : mean;
        const unit = keeps ? new Float32Array(mean.length).fill(1) : inverse;
        batchNormBackward(source, zero, unit, inverse, dy, dx, e.blocks, e.channels, e.run, e.lanes, e.batch);
      },
    };
  },
};
