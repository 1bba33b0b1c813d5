import type { LayerParameter } from '../proto/index.ts';

/** Code of problems that only say: this text alone does not tell the shapes. */
export const NOT_INFERABLE = 'not-inferable';

/**
 * Why the shapes of a layer cannot be told from the text alone, given an assumed record for its source; undefined where
 * they can. Such a net is neither accepted nor rejected by `inspect`.
 */
export function notInferable(param: LayerParameter): string | undefined {
  switch (param.type) {
    case 'HDF5Data':
      return 'HDF5Data takes its shapes from its files';
    case 'Python':
      return 'Python layers take their shapes from code';
    case 'Data':
      return param.data_param && param.data_param.batch_size > 0 ? undefined : 'no batch_size is given';
    case 'ImageData':
      return param.image_data_param && param.image_data_param.batch_size > 0 ? undefined : 'no batch_size is given';
    case 'WindowData':
      return param.window_data_param && param.window_data_param.batch_size > 0 ? undefined : 'no batch_size is given';
    default:
      return undefined;
  }
}
