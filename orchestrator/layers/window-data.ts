import { inputError } from '../core/index.ts';
import { transformSpec, windowShape } from '../data/index.ts';
import { create, spanOf } from '../proto/index.ts';
import { BatchLayer, batchSize } from './batches.ts';
import type { LayerType } from './layer.ts';

/** Windows of pictures around objects and background, cut out and warped to one size (R-CNN). */
export const windowDataLayer: LayerType = {
  type: 'WindowData',
  bottoms: { min: 0, max: 0 },
  tops: { min: 2, max: 2 },
  layouts: 'nchw',
  isSource: true,
  create(param, context) {
    const data = param.window_data_param ?? create('WindowDataParameter');
    const batch = batchSize(param, context, 'window_data_param');
    const transform = transformSpec(param, context.phase, (path) => context.resolve(path));
    const refuse = (field: 'crop_mode' | 'context_pad', message: string, expected: string) =>
      inputError({
        message,
        expected,
        path: `window_data_param > ${field}`,
        span: spanOf(data, field),
        code: 'window-crop',
      });
    if (transform.cropSize === 0) {
      throw inputError({
        message: 'crop_size is 0',
        path: 'transform_param > crop_size',
        expected: 'the size of the tops',
        code: 'window-crop',
      });
    }
    if (data.crop_mode !== 'warp' && data.crop_mode !== 'square')
      throw refuse('crop_mode', `"${data.crop_mode}"`, 'warp or square');
    if (2 * data.context_pad >= transform.cropSize) {
      throw refuse(
        'context_pad',
        `${data.context_pad} of ${transform.cropSize} pixels on each side`,
        'less than half of crop_size',
      );
    }
    const windows = {
      root: data.root_folder && context.resolve(data.root_folder),
      foreground: data.fg_threshold,
      background: data.bg_threshold,
      fraction: data.fg_fraction,
      contextPad: data.context_pad,
      square: data.crop_mode === 'square',
    };
    const spec = {
      source: context.resolve(data.source),
      backend: 'WINDOWS' as const,
      windows,
      batch,
      transform,
      seed: context.random.seed,
      stream: context.random.stream,
      skip: 0,
      prefetch: 4,
    };
    return new BatchLayer(spec, context, 2, context.assumedRecord && windowShape(spec));
  },
};
