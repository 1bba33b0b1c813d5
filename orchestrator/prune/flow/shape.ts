import type { LayerParameter } from '../../proto/index.ts';
import { repeatIds } from '../channels.ts';
import type { Kept } from '../graph.ts';
import { canonical, countFrom, type Flow, type FlowRule, pass, stay } from './flow.ts';

type Edit = (copy: LayerParameter, kept: Kept) => void;

/** One axis becomes several, or several one; only where channels stay whole runs of axis 1. */
function renamed(flow: Flow, edit: (size: (kept: Kept) => number) => Edit | undefined) {
  const [bottom] = flow.bottomShapes;
  const [top] = flow.topShapes;
  const [ids] = flow.bottoms;
  if (!ids || !top || top.length < 2 || top[0] !== bottom![0]) return stay(flow, 'moves channels to another axis');
  const [from, to] = [bottom![1]!, top[1]!];
  const { channels } = flow.record;
  const finish = (out: Int32Array) => {
    const change = edit((kept) => kept.count(out));
    if (change) flow.record.edit(flow.layer, change);
    return [out];
  };
  if (to === from) return finish(ids);
  const places = countFrom(bottom!, 2);
  if (to === from * places) return finish(repeatIds(ids, places));
  // [N, C·h·w] to [N, C, h, w]: the elements of a map stand and fall together.
  if (places === 1 && countFrom(top, 2) * to === from) {
    const run = from / to;
    ids.forEach((id, i) => {
      channels.tie(ids[Math.floor(i / run) * run]!, id);
    });
    return finish(ids.filter((_, i) => i % run === 0));
  }
  return stay(flow, `mixes channels: ${bottom!.join('×')} to ${top.join('×')}`);
}

export const flatten: FlowRule = (flow) => {
  const [bottom] = flow.bottomShapes;
  const p = flow.layer.param.flatten_param;
  return canonical(p?.axis ?? 1, bottom!) >= 2 ? pass(flow) : renamed(flow, () => undefined);
};

export const reshape: FlowRule = (flow) => {
  const p = flow.layer.param.reshape_param;
  const [bottom] = flow.bottomShapes;
  const begin = p ? (p.axis >= 0 ? p.axis : p.axis + bottom!.length + 1) : 0;
  if (begin >= 2) return pass(flow);
  return renamed(flow, (size) => (copy, kept) => {
    const dims = copy.reshape_param?.shape?.dim;
    if (dims && dims[1 - begin]! > 0) dims[1 - begin] = size(kept);
  });
};

/** Sizes come from the second bottom; channels from the first, unless channels are cropped too. */
export const crop: FlowRule = (flow) => {
  const axis = canonical(flow.layer.param.crop_param?.axis ?? 2, flow.bottomShapes[0]!);
  return axis >= 2 ? [flow.bottoms[0]] : stay(flow, 'cuts channels');
};

/** A layer that works within each channel from a certain axis on. */
export const within =
  (axisOf: (param: LayerParameter) => number, why: string): FlowRule =>
  (flow) =>
    canonical(axisOf(flow.layer.param), flow.bottomShapes[0]!) >= 2 ? pass(flow) : stay(flow, why);
