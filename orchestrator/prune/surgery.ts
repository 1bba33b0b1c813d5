import { internalError } from '../core/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import { clone, type NetParameter } from '../proto/index.ts';
import type { Channels } from './channels.ts';
import type { ChannelGraph, Kept, ParamView } from './graph.ts';

/** What survives once the classes of these roots are gone. */
export function keptWithout(channels: Channels, removed: ReadonlySet<number>): Kept {
  const has = (id: number) => !removed.has(channels.find(id));
  return { has, count: (ids) => ids.reduce((sum, id) => sum + Number(has(id)), 0) };
}

/** The text of the smaller net: sizes, groups, slice points and dims rewritten, everything else as it was. */
export function prunedText(graph: ChannelGraph, kept: Kept): NetParameter {
  const text = clone(graph.text);
  for (const { layer, apply } of graph.edits) apply(text.layer[layer]!, kept);
  return text;
}

/** The surviving elements of a matrix [rows][columns][inner], in order. Also cuts gradients and optimiser history of its form. */
export function sliced(view: ParamView, kept: Kept, data: Float32Array): Float32Array {
  const { rows, columns, inner, rowIds, columnIds } = view;
  const groups = columnIds?.length ?? 1;
  const rowsOfGroup = rows / groups;
  const all = Array.from({ length: columns }, (_, column) => column);
  const columnsOf = Array.from({ length: groups }, (_, q) =>
    columnIds ? all.filter((column) => kept.has(columnIds[q]![column]!)) : all,
  );
  const out = new Float32Array(data.length);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    if (rowIds && !kept.has(rowIds[row]!)) continue;
    for (const column of columnsOf[Math.floor(row / rowsOfGroup)]!) {
      const from = (row * columns + column) * inner;
      out.set(data.subarray(from, from + inner), at);
      at += inner;
    }
  }
  return out.slice(0, at);
}

/** Sets the removed rows and columns to zero: the unpruned net that a sliced one must equal. */
export function zeroed(view: ParamView, kept: Kept, data: Float32Array): void {
  const { rows, columns, inner, rowIds, columnIds } = view;
  const rowsOfGroup = rows / (columnIds?.length ?? 1);
  for (let row = 0; row < rows; row++) {
    const gone = rowIds && !kept.has(rowIds[row]!);
    const ids = columnIds?.[Math.floor(row / rowsOfGroup)];
    for (let column = 0; column < columns; column++) {
      if (!gone && (!ids || kept.has(ids[column]!))) continue;
      const from = (row * columns + column) * inner;
      data.fill(0, from, from + inner);
    }
  }
}

/** Copies what survives of one net's parameters into the smaller net's. */
export function sliceParams(graph: ChannelGraph, kept: Kept, from: ParamSet, to: ParamSet): void {
  const target = new Map(to.net.params.map((param) => [param.key, to.blobs[param.index]!]));
  for (const param of from.net.params) {
    const blob = target.get(param.key);
    const view = graph.views.get(param.key);
    const data = from.blobs[param.index]!.data;
    const cut = view ? sliced(view, kept, data) : data;
    if (!blob || blob.count !== cut.length)
      throw internalError(`${param.key}: ${cut.length} elements for ${blob?.count}`);
    blob.data.set(cut);
  }
}

/** Optimiser history of the survivors. Blob i belongs to learnable parameter i modulo their number (Adam and AdaDelta hold two of each). */
export function sliceHistory(
  graph: ChannelGraph,
  kept: Kept,
  net: Net,
  history: readonly Float32Array[],
): Float32Array[] {
  return history.map((data, i) => {
    const view = graph.views.get(net.params[net.learnable[i % net.learnable.length]!]!.key);
    return view ? sliced(view, kept, data) : data.slice();
  });
}
