import { inputError } from '../../core/index.ts';
import { clone, create, isSet, listOf, type Values } from '../message.ts';
import type { NetParameter, V0LayerParameter, V1LayerParameter } from '../messages.ts';
import { inheritSpans, spanOf } from '../spans.ts';
import { Message, typeOf } from '../types.ts';
import { v0Types } from './legacy-types.ts';
import type { Note } from './note.ts';
import { upgradePaddingLayers } from './v0-padding.ts';

/** Where the flat settings of a first-form layer go, by its type: `sub-message.field`, with `[]` where that one is repeated. */
const moves: Record<string, Record<string, string>> = {
  num_output: { conv: 'convolution_param.num_output', innerproduct: 'inner_product_param.num_output' },
  biasterm: { conv: 'convolution_param.bias_term', innerproduct: 'inner_product_param.bias_term' },
  weight_filler: { conv: 'convolution_param.weight_filler', innerproduct: 'inner_product_param.weight_filler' },
  bias_filler: { conv: 'convolution_param.bias_filler', innerproduct: 'inner_product_param.bias_filler' },
  pad: { conv: 'convolution_param.pad[]', pool: 'pooling_param.pad' },
  kernelsize: { conv: 'convolution_param.kernel_size[]', pool: 'pooling_param.kernel_size' },
  group: { conv: 'convolution_param.group' },
  stride: { conv: 'convolution_param.stride[]', pool: 'pooling_param.stride' },
  pool: { pool: 'pooling_param.pool' },
  dropout_ratio: { dropout: 'dropout_param.dropout_ratio' },
  local_size: { lrn: 'lrn_param.local_size' },
  alpha: { lrn: 'lrn_param.alpha' },
  beta: { lrn: 'lrn_param.beta' },
  k: { lrn: 'lrn_param.k' },
  source: {
    data: 'data_param.source',
    hdf5_data: 'hdf5_data_param.source',
    images: 'image_data_param.source',
    window_data: 'window_data_param.source',
    infogain_loss: 'infogain_loss_param.source',
  },
  scale: { '*': 'transform_param.scale' },
  meanfile: { '*': 'transform_param.mean_file' },
  batchsize: {
    data: 'data_param.batch_size',
    hdf5_data: 'hdf5_data_param.batch_size',
    images: 'image_data_param.batch_size',
    window_data: 'window_data_param.batch_size',
  },
  cropsize: { '*': 'transform_param.crop_size' },
  mirror: { '*': 'transform_param.mirror' },
  rand_skip: { data: 'data_param.rand_skip', images: 'image_data_param.rand_skip' },
  shuffle_images: { images: 'image_data_param.shuffle' },
  new_height: { images: 'image_data_param.new_height' },
  new_width: { images: 'image_data_param.new_width' },
  concat_dim: { concat: 'concat_param.concat_dim' },
  det_fg_threshold: { window_data: 'window_data_param.fg_threshold' },
  det_bg_threshold: { window_data: 'window_data_param.bg_threshold' },
  det_fg_fraction: { window_data: 'window_data_param.fg_fraction' },
  det_context_pad: { window_data: 'window_data_param.context_pad' },
  det_crop_mode: { window_data: 'window_data_param.crop_mode' },
  hdf5_output_param: { hdf5_output: 'hdf5_output_param' },
};

/** Sets `sub.field` of a layer, making the sub-message where needed. */
function put(layer: V1LayerParameter, target: string, value: unknown, origin: V0LayerParameter): void {
  const [first, second] = target.split('.') as [string, string | undefined];
  const object = layer as unknown as Values;
  if (second === undefined) {
    object[first] = value;
    return;
  }
  if (!object[first]) {
    const type = typeOf('V1LayerParameter').byName.get(first)!.of!;
    const made = new (typeOf(type).make)();
    // Most settings have the same name in the first form, so their places are found there.
    inheritSpans(made, origin);
    object[first] = made;
  }
  const sub = object[first] as Values;
  if (!second.endsWith('[]')) sub[second] = value;
  else (listOf(sub, second.slice(0, -2)) as unknown[]).push(value);
}

function upgradeLayer(old: V1LayerParameter, note: Note): V1LayerParameter {
  const layer = create('V1LayerParameter');
  inheritSpans(layer, old);
  if (isSet(old, 'bottom')) layer.bottom = [...old.bottom];
  if (isSet(old, 'top')) layer.top = [...old.top];
  const v0 = old.layer;
  if (!v0) return layer;
  if (isSet(v0, 'name')) layer.name = v0.name;
  if (isSet(v0, 'type')) {
    const type = v0Types.get(v0.type);
    if (type === undefined) {
      throw inputError({
        message: `unknown layer type "${v0.type}"`,
        span: spanOf(v0, 'type'),
        path: v0.name,
        expected: [...v0Types.keys()].join(', '),
        code: 'unknown-layer-type',
      });
    }
    layer.type = type;
  }
  if (isSet(v0, 'blobs')) layer.blobs = v0.blobs.map((blob) => clone(blob));
  if (isSet(v0, 'blobs_lr')) layer.blobs_lr = [...v0.blobs_lr];
  if (isSet(v0, 'weight_decay')) layer.weight_decay = [...v0.weight_decay];
  for (const [field, byType] of Object.entries(moves)) {
    if (!isSet(v0, field as keyof V0LayerParameter)) continue;
    const target = byType[v0.type] ?? byType['*'];
    const value = v0[field as keyof V0LayerParameter] as unknown;
    if (target) put(layer, target, value instanceof Message ? clone(value) : value, v0);
    else
      note('V0', `${field} means nothing to a layer of type "${v0.type}" and is dropped`, spanOf(v0, field), v0.name);
  }
  return layer;
}

/** First form to second form. As Caffe does, it keeps name, inputs, input_dim and force_backward of the net, and nothing else. */
export function upgradeV0(original: NetParameter, note: Note): NetParameter {
  const padded = upgradePaddingLayers(original);
  const net = create('NetParameter');
  inheritSpans(net, original);
  if (isSet(padded, 'name')) net.name = padded.name;
  net.layers = padded.layers.map((layer) => upgradeLayer(layer, note));
  if (isSet(padded, 'input')) net.input = padded.input;
  if (isSet(padded, 'input_dim')) net.input_dim = padded.input_dim;
  if (isSet(padded, 'force_backward')) net.force_backward = padded.force_backward;
  for (const field of ['input_shape', 'state', 'debug_info'] as const) {
    if (isSet(original, field)) note('V0', `${field} is dropped`, spanOf(original, field), '');
  }
  return net;
}
