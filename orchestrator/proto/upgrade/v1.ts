import { inputError } from '../../core/index.ts';
import { clone, create, isSet, listOf, type Values } from '../message.ts';
import type { LayerParameter, NetParameter, ParamSpec, V1LayerParameter } from '../messages.ts';
import { inheritSpans, spanOf } from '../spans.ts';
import { Message, typeOf } from '../types.ts';
import { v1Types } from './legacy-types.ts';
import type { Note } from './note.ts';

/** Fields that both forms have under one name with one meaning: wiring, rules, blobs and all sub-messages of settings. */
const carried = typeOf('V1LayerParameter')
  .fields.map((f) => f.name)
  .filter((name) => name.endsWith('_param') || ['bottom', 'top', 'name', 'include', 'exclude', 'blobs'].includes(name));

/** The i-th ParamSpec of a layer, made with those before it where needed. */
function spec(layer: LayerParameter, index: number): ParamSpec {
  const list = listOf(layer, 'param');
  while (list.length <= index) list.push(create('ParamSpec'));
  return list[index]!;
}

function upgradeLayer(old: V1LayerParameter, note: Note): LayerParameter {
  const layer = create('LayerParameter');
  inheritSpans(layer, old);
  const from = old as unknown as Values;
  const to = layer as unknown as Values;
  for (const name of carried) {
    if (!Object.hasOwn(old, name)) continue;
    const value = from[name];
    const one = (item: unknown): unknown => (item instanceof Message ? clone(item) : item);
    to[name] = Array.isArray(value) ? value.map(one) : one(value);
  }
  if (isSet(old, 'type')) layer.type = v1Types.get(old.type) ?? '';
  old.param.forEach((name, i) => {
    spec(layer, i).name = name;
  });
  old.blob_share_mode.forEach((mode, i) => {
    spec(layer, i).share_mode = mode;
  });
  old.blobs_lr.forEach((rate, i) => {
    spec(layer, i).lr_mult = rate;
  });
  old.weight_decay.forEach((decay, i) => {
    spec(layer, i).decay_mult = decay;
  });
  if (isSet(old, 'loss_weight')) layer.loss_weight = [...old.loss_weight];
  if (isSet(old, 'layer')) {
    note('V1', 'the first-form settings inside this layer are left out', spanOf(old, 'layer'), old.name);
  }
  return layer;
}

/** Second form (`layers`, types as enumeration) to today's (`layer`, types by name). */
export function upgradeV1(net: NetParameter, note: Note): NetParameter {
  if (isSet(net, 'layer')) {
    throw inputError({
      message: 'the net has both `layer` and `layers`',
      span: spanOf(net, 'layers'),
      expected: 'one of the two forms',
      hint: 'write all layers as layer { type: "Type" ... }',
      code: 'mixed-layer-forms',
    });
  }
  const result = clone(net, 'layers');
  result.layer = net.layers.map((layer) => upgradeLayer(layer, note));
  return result;
}
