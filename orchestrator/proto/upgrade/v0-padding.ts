import { inputError } from '../../core/index.ts';
import { clone, create, isSet, listOf } from '../message.ts';
import type { NetParameter, V1LayerParameter } from '../messages.ts';
import { spanOf } from '../spans.ts';

function refuse(layer: V1LayerParameter, message: string): never {
  const name = layer.layer?.name ?? '';
  throw inputError({ message, span: spanOf(layer), path: name, code: 'bad-padding-layer' });
}

/** Puts a padding layer's pad into the convolution or pooling layer that reads it. */
function takePadding(reader: V1LayerParameter, original: V1LayerParameter, padding: V1LayerParameter): void {
  const type = original.layer?.type ?? '';
  if (type !== 'conv' && type !== 'pool') refuse(original, `a padding layer feeds a layer of type "${type}"`);
  if (original.bottom.length !== 1) refuse(original, 'a layer that reads a padding layer must have one bottom');
  if (padding.bottom.length !== 1) refuse(padding, 'a padding layer must have one bottom');
  if (padding.top.length !== 1) refuse(padding, 'a padding layer must have one top');
  if (!reader.layer) reader.layer = create('V0LayerParameter');
  reader.layer.pad = padding.layer!.pad;
  reader.bottom[0] = padding.bottom[0]!;
}

/** The first form had layers that only padded; the layers after them take that over. Changes a copy. */
export function upgradePaddingLayers(net: NetParameter): NetParameter {
  const result = clone(net, 'layers');
  result.layers = [];
  const producer = new Map<string, number>(net.input.map((name) => [name, -1]));
  net.layers.forEach((original, index) => {
    const isPadding = original.layer?.type === 'padding';
    if (!isPadding) result.layers.push(clone(original));
    for (const [j, name] of original.bottom.entries()) {
      const from = producer.get(name);
      if (from === undefined) {
        throw inputError({
          message: `unknown bottom "${name}"`,
          span: spanOf(original, 'bottom', j),
          path: original.layer?.name ?? '',
          expected: 'the top of an earlier layer',
          code: 'unknown-bottom',
        });
      }
      const source = from < 0 ? undefined : net.layers[from]!;
      if (source?.layer?.type === 'padding') takePadding(result.layers.at(-1)!, original, source);
    }
    for (const name of original.top) producer.set(name, index);
  });
  if (!isSet(net, 'layers')) listOf(result, 'layers');
  return result;
}
