import { inputError } from '../core/index.ts';
import { transformSpec } from '../data/index.ts';
import { create, spanOf } from '../proto/index.ts';
import { BatchLayer, batchSize } from './batches.ts';
import { skipOf } from './data.ts';
import type { LayerType } from './layer.ts';

/** Picture files named by a list, decoded and resized in a thread that runs ahead. */
export const imageDataLayer: LayerType = {
  type: 'ImageData',
  bottoms: { min: 0, max: 0 },
  tops: { min: 2, max: 2 },
  layouts: 'nchw',
  isSource: true,
  create(param, context) {
    const data = param.image_data_param ?? create('ImageDataParameter');
    const batch = batchSize(param, context, 'image_data_param');
    const { new_height: height, new_width: width, is_color: color } = data;
    if (height > 0 !== width > 0) {
      throw inputError({
        message: `new_height is ${height} and new_width is ${width}`,
        path: 'image_data_param',
        span: spanOf(data, height > 0 ? 'new_height' : 'new_width'),
        expected: 'both, or neither',
        code: 'image-size',
      });
    }
    const spec = {
      source: context.resolve(data.source),
      backend: 'IMAGES' as const,
      images: {
        root: data.root_folder && context.resolve(data.root_folder),
        shuffle: data.shuffle,
        height,
        width,
        color,
      },
      batch,
      transform: transformSpec(param, context.phase, (path) => context.resolve(path)),
      seed: context.random.seed,
      stream: context.random.stream,
      skip: skipOf(data.rand_skip, context),
      prefetch: 4,
    };
    const assumed = context.assumedRecord;
    const size = assumed && (height > 0 ? ([height, width] as const) : ([assumed[1], assumed[2]] as const));
    return new BatchLayer(spec, context, 2, size && [color ? 3 : 1, ...size]);
  },
};
