import { inputError } from '../../core/index.ts';
import { clone, create, isSet } from '../message.ts';
import type { BlobShape, NetParameter } from '../messages.ts';
import { inheritSpans, spanOf } from '../spans.ts';

/** Shape of the i-th input: its input_shape where the net has any, else four input_dim. */
function shapeOf(net: NetParameter, index: number): BlobShape {
  const name = net.input[index]!;
  const shape = net.input_shape[index];
  if (shape) return clone(shape);
  const dims = net.input_dim.slice(4 * index, 4 * index + 4);
  if (net.input_shape.length > 0 || dims.length < 4) {
    throw inputError({
      message: `input "${name}" has no shape`,
      span: spanOf(net, 'input', index),
      expected: 'one input_shape, or four input_dim, for each input',
      code: 'input-without-shape',
    });
  }
  return create('BlobShape', { dim: dims });
}

/** Inputs named by the net become the tops of an Input layer before all others. Inputs without any shape are dropped, as in Caffe. */
export function upgradeInput(net: NetParameter): NetParameter {
  const result = clone(net, 'layer');
  // The layers themselves do not change.
  const layers = isSet(net, 'layer') ? [...net.layer] : [];
  if (net.input_shape.length > 0 || net.input_dim.length > 0) {
    const layer = create('LayerParameter', {
      name: 'input',
      type: 'Input',
      top: [...net.input],
      input_param: { shape: net.input.map((_, i) => shapeOf(net, i)) },
    });
    inheritSpans(layer, net);
    layers.unshift(layer);
  }
  if (layers.length > 0) result.layer = layers;
  for (const field of ['input', 'input_shape', 'input_dim'] as const) delete (result as Partial<NetParameter>)[field];
  return result;
}
