import { clone, create, isSet } from '../message.ts';
import { type NetParameter, V1LayerParameter_LayerType as V1, type V1LayerParameter } from '../messages.ts';
import { inheritSpans } from '../spans.ts';

const moved = ['scale', 'mean_file', 'crop_size', 'mirror'] as const;
const homes = new Map([
  [V1.DATA as number, 'data_param'],
  [V1.IMAGE_DATA, 'image_data_param'],
  [V1.WINDOW_DATA, 'window_data_param'],
] as const);

const types = {
  data_param: 'DataParameter',
  image_data_param: 'ImageDataParameter',
  window_data_param: 'WindowDataParameter',
} as const;

const homeOf = (layer: V1LayerParameter) => {
  const home = homes.get(layer.type);
  return home && layer[home];
};

export const needsTransform = (net: NetParameter): boolean =>
  net.layers.some((layer) => {
    const home = homeOf(layer);
    return !!home && moved.some((field) => isSet(home, field));
  });

/**
 * Transformations used to be settings of the data layers; now they have a message of their own. As in Caffe, every layer
 * of the three types gets both messages once one layer of the net needs it.
 */
export function upgradeTransform(net: NetParameter): NetParameter {
  const result = clone(net);
  for (const layer of result.layers) {
    const name = homes.get(layer.type);
    if (!name) continue;
    const home = (layer[name] ?? create(types[name])) as NonNullable<V1LayerParameter['data_param']>;
    (layer as unknown as Record<string, unknown>)[name] = home;
    if (!layer.transform_param) {
      layer.transform_param = create('TransformationParameter');
      inheritSpans(layer.transform_param, home);
    }
    for (const field of moved) {
      if (!isSet(home, field)) continue;
      (layer.transform_param as unknown as Record<string, unknown>)[field] = home[field];
      delete (home as unknown as Record<string, unknown>)[field];
    }
  }
  return result;
}
