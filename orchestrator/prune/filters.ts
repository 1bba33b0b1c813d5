import type { Blob } from '../blob/index.ts';
import type { ChannelGraph, ParamView, Producer } from './graph.ts';

/** The weights of a layer's filters: [count][length], `count` filters of `length` weights each. */
export interface Filters {
  readonly layer: string;
  readonly count: number;
  readonly length: number;
  readonly values: Float32Array;
}

/** Values of parameters by key `layer[slot]`. */
export type Values = ReadonlyMap<string, Float32Array>;

/** One row per output channel, whichever axis of the weights the outputs are. Rows of a plain convolution are not copied. */
export function filtersOf(graph: ChannelGraph, producer: Producer, values: Values): Filters {
  const view = graph.views.get(`${producer.layer.name}[0]`)!;
  const data = values.get(view.param.key)!;
  const layer = producer.layer.name;
  if (producer.axis === 'rows') return { layer, count: view.rows, length: view.columns * view.inner, values: data };
  return { layer, ...transposed(view, data) };
}

/** [rows of all groups][columns of a group][inner] to one row per column of each group. */
function transposed({ rows, columns, inner, columnIds }: ParamView, data: Float32Array) {
  const groups = columnIds!.length;
  const rowsOfGroup = rows / groups;
  const length = rowsOfGroup * inner;
  const values = new Float32Array(groups * columns * length);
  for (let row = 0; row < rows; row++) {
    const group = Math.floor(row / rowsOfGroup);
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * inner;
      const to = (group * columns + column) * length + (row % rowsOfGroup) * inner;
      values.set(data.subarray(from, from + inner), to);
    }
  }
  return { count: groups * columns, length, values };
}

/** The data of a set of blobs by key. */
export function valuesOf(params: { readonly blobs: readonly Blob[] }, part: 'data' | 'diff' = 'data'): Values {
  return new Map(params.blobs.map((blob) => [blob.name, blob[part]]));
}
