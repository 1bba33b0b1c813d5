import { canonical, type FlowRule, pass, stay } from './flow.ts';

/** Statistics per channel, and the count of averages, which has no channels. */
export const batchNorm: FlowRule = (flow) => {
  const [ids] = flow.bottoms;
  if (!ids) return pass(flow);
  for (const slot of [0, 1]) flow.record.view(flow.layer, slot, { rowIds: ids });
  return [ids];
};

export const prelu: FlowRule = (flow) => {
  const [ids] = flow.bottoms;
  if (ids && !flow.layer.param.prelu_param?.channel_shared) flow.record.view(flow.layer, 0, { rowIds: ids });
  return [ids];
};

/** Scale and Bias: learned factors over axes from `axis` on, or a second bottom. */
export const affine: FlowRule = (flow) => {
  const { layer, record, bottomShapes } = flow;
  const [ids, second] = flow.bottoms;
  const p = layer.param.scale_param ?? layer.param.bias_param;
  const axis = canonical(p?.axis ?? 1, bottomShapes[0]!);
  if (!ids) return pass(flow);
  if (bottomShapes.length > 1) {
    const factors = bottomShapes[1]!.length;
    if (axis === 0 && factors >= 2 && second) record.channels.tieAll(ids, second);
    else if (factors > 0 && axis <= 1) return stay(flow, 'broadcasts its second bottom over the channels');
    else if (second) record.channels.pin(second, `${layer.name} (${layer.type.type}) broadcasts it over places`);
    if (!layer.param.scale_param?.bias_term) return [ids];
  }
  const count = p?.num_axes ?? 1;
  const covers = axis <= 1 && (count === -1 || axis + count > 1);
  if (covers && axis === 0) return stay(flow, 'has factors along the batch');
  if (covers) for (const slot of layer.params.keys()) record.view(layer, slot, { rowIds: ids });
  return [ids];
};
