import { create, isSet } from '../../proto/index.ts';
import type { Ids } from '../channels.ts';
import { canonical, type FlowRule, stay } from './flow.ts';

/** Sums, products and maxima: channel c of every bottom is one. */
export const eltwise: FlowRule = ({ bottoms, record, topShapes }) => {
  const [first, ...others] = bottoms;
  if (!first) return topShapes.map(() => undefined);
  for (const other of others) record.channels.tieAll(first, other!);
  record.added(first);
  return [first];
};

export const concat: FlowRule = (flow) => {
  const { bottoms, layer, record, bottomShapes } = flow;
  const p = layer.param.concat_param;
  const axis = canonical(isSet(p, 'concat_dim') ? p!.concat_dim : (p?.axis ?? 1), bottomShapes[0]!);
  if (bottoms.some((ids) => !ids)) return stay(flow, 'joins blobs without channels');
  const lists = bottoms as readonly Ids[];
  if (axis === 1) return [Int32Array.from(lists.flatMap((ids) => [...ids]))];
  for (const ids of lists.slice(1)) record.channels.tieAll(lists[0]!, ids);
  return [lists[0]!];
};

export const slice: FlowRule = (flow) => {
  const { layer, record, topShapes, bottomShapes } = flow;
  const [ids] = flow.bottoms;
  const p = layer.param.slice_param;
  const axis = canonical(isSet(p, 'slice_dim') ? p!.slice_dim : (p?.axis ?? 1), bottomShapes[0]!);
  if (!ids || axis !== 1) return topShapes.map(() => ids);
  let at = 0;
  const pieces = topShapes.map((shape) => {
    const begin = at;
    at += shape[1]!;
    return ids.subarray(begin, at);
  });
  for (const piece of pieces) record.width({ layer: layer.name, ids: piece, kind: 'piece' });
  record.edit(layer, (copy, kept) => {
    const sizes = pieces.map((piece) => kept.count(piece));
    if (sizes.every((size, i) => size === pieces[i]!.length)) return;
    let end = 0;
    copy.slice_param ??= create('SliceParameter');
    copy.slice_param.slice_point = sizes.slice(0, -1).map((size) => {
      end += size;
      return end;
    });
  });
  return pieces;
};
