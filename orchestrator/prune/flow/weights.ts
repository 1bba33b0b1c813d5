import { type Ids, repeatIds, splitIds } from '../channels.ts';
import { canonical, countFrom, type Flow, type FlowRule, stay } from './flow.ts';

/** Input channels of a layer: all its bottoms go through the same weights. */
function sharedInput({ bottoms, record }: Flow): Ids {
  const [first, ...others] = bottoms as readonly Ids[];
  for (const other of others) record.channels.tieAll(first!, other);
  return first!;
}

/** Grouped channels: groups of one channel go whole, larger ones lose as many channels each. Returns whether groups go whole. */
function groupChannels(flow: Flow, inputs: readonly Ids[], outputs: readonly Ids[]): boolean {
  const { record, layer } = flow;
  const whole = inputs[0]!.length === 1 || outputs[0]!.length === 1;
  if (whole) {
    inputs.forEach((input, q) => {
      for (const id of [...input, ...outputs[q]!]) record.channels.tie(input[0]!, id);
    });
    record.width({ layer: layer.name, ids: Int32Array.from(inputs, (input) => input[0]!), kind: 'piece' });
  } else {
    record.partition({ layer: layer.name, parts: inputs });
    record.partition({ layer: layer.name, parts: outputs });
  }
  return whole;
}

function weighted(transposed: boolean): FlowRule {
  return (flow) => {
    const { layer, record, topShapes, bottomShapes } = flow;
    const p = layer.param.convolution_param;
    if (!p || canonical(p.axis, bottomShapes[0]!) !== 1) return stay(flow, 'has its channels on another axis');
    const input = sharedInput(flow);
    const outputs = record.channels.fresh(topShapes[0]![1]!);
    const inputParts = splitIds(input, p.group);
    const outputParts = splitIds(outputs, p.group);
    const whole = p.group > 1 && groupChannels(flow, inputParts, outputParts);
    // A convolution's weights are [outputs][inputs of the group], a deconvolution's [inputs][outputs of the group].
    record.view(
      layer,
      0,
      transposed ? { rowIds: input, columnIds: outputParts } : { rowIds: outputs, columnIds: inputParts },
    );
    if (p.bias_term) record.view(layer, 1, { rowIds: outputs });
    const depthwise = whole && inputParts[0]!.length === 1;
    record.producer({ layer, outputs, axis: transposed ? 'columns' : 'rows', depthwise });
    record.width({ layer: layer.name, ids: outputs, kind: 'outputs' });
    const leads = Int32Array.from(inputParts, (part) => part[0]!);
    record.edit(layer, (copy, kept) => {
      const settings = copy.convolution_param!;
      settings.num_output = kept.count(outputs);
      if (whole) settings.group = kept.count(leads);
    });
    return topShapes.map(() => outputs);
  };
}

export const convolution = weighted(false);
export const deconvolution = weighted(true);

export const innerProduct: FlowRule = (flow) => {
  const { layer, record, topShapes, bottomShapes } = flow;
  const p = layer.param.inner_product_param;
  const bottom = bottomShapes[0]!;
  if (!p || canonical(p.axis, bottom) !== 1) return stay(flow, 'multiplies other axes than the channels');
  const columns = repeatIds(flow.bottoms[0]!, countFrom(bottom, 2));
  const outputs = record.channels.fresh(topShapes[0]![1]!);
  record.view(
    layer,
    0,
    p.transpose ? { rowIds: columns, columnIds: [outputs] } : { rowIds: outputs, columnIds: [columns] },
  );
  if (p.bias_term) record.view(layer, 1, { rowIds: outputs });
  record.producer({ layer, outputs, axis: p.transpose ? 'columns' : 'rows', depthwise: false });
  record.width({ layer: layer.name, ids: outputs, kind: 'outputs' });
  record.edit(layer, (copy, kept) => {
    copy.inner_product_param!.num_output = kept.count(outputs);
  });
  return [outputs];
};
