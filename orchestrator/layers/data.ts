import { inputError, RandomStream } from '../core/index.ts';
import { declaredShape, resolveSource, type StreamSpec, transformSpec } from '../data/index.ts';
import { create, DataParameter_DB, type LayerParameter, spanOf } from '../proto/index.ts';
import { BatchLayer, batchSize } from './batches.ts';
import type { LayerContext, LayerType } from './layer.ts';

/** Draw that rand_skip uses: the last of its block, which no record reaches. */
const SKIP_DRAW = 2 ** 52;

/** rand_skip: records passed over at the start, drawn from [0, rand_skip). */
export function skipOf(bound: number, context: LayerContext): number {
  if (bound === 0) return 0;
  return new RandomStream(context.random.seed, context.random.stream, SKIP_DRAW).integer(bound);
}

function streamSpec(param: LayerParameter, context: LayerContext): StreamSpec {
  const data = param.data_param ?? create('DataParameter');
  const batch = batchSize(param, context, 'data_param');
  if (!data.source && !context.assumedRecord) {
    throw inputError({
      message: 'no source',
      path: 'data_param > source',
      span: spanOf(data),
      expected: 'an LMDB or LevelDB folder, an idx file, or a text such as synthetic-digits:train?count=10000&seed=1',
      code: 'no-source',
    });
  }
  const transform = transformSpec(param, context.phase, (path) => context.resolve(path));
  return {
    source: resolveSource(data.source, (path) => context.resolve(path)),
    backend: data.backend === DataParameter_DB.LMDB ? 'LMDB' : 'LEVELDB',
    batch,
    transform: data.force_encoded_color && transform.color === 'as-is' ? { ...transform, color: 'color' } : transform,
    seed: context.random.seed,
    stream: context.random.stream,
    skip: skipOf(data.rand_skip, context),
    prefetch: Math.max(1, data.prefetch),
  };
}

/** Labelled records of a database, an idx file, CIFAR-10's binary files or a set we draw, through transform_param. */
export const dataLayer: LayerType = {
  type: 'Data',
  bottoms: { min: 0, max: 0 },
  tops: { min: 1, max: 2 },
  layouts: 'nchw',
  isSource: true,
  create(param, context) {
    const spec = streamSpec(param, context);
    return new BatchLayer(spec, context, param.top.length, declaredShape(spec.source));
  },
};
