import { hostFunction } from './host.ts';

const copy = hostFunction('crema_copy_rows', ['i64', 'i64', 'pointer', 'i64', 'pointer', 'i64']);

/** Copies `rows` rows of `length` elements between places with their own strides (in elements). */
export function copyRows(
  rows: number,
  length: number,
  from: Float32Array,
  fromStride: number,
  to: Float32Array,
  toStride: number,
): void {
  if (rows > 0 && length > 0) copy(rows, length, from, fromStride, to, toStride);
}

type Tiles = (rows: number, length: number, tiles: number, from: Float32Array, to: Float32Array) => void;

/** Each row of `from` comes `tiles` times in a row. */
export const repeatTiles = hostFunction('crema_repeat_tiles', ['i64', 'i64', 'i64', 'pointer', 'pointer']) as Tiles;
/** Each row of `to` is the sum of `tiles` consecutive rows of `from`. */
export const sumTiles = hostFunction('crema_sum_tiles', ['i64', 'i64', 'i64', 'pointer', 'pointer']) as Tiles;

const gather = hostFunction('crema_gather_rows', ['i64', 'i64', 'pointer', 'pointer', 'i64', 'pointer', 'pointer']);

/** Row r of `to` = row index[r] of `from`. Returns the first r whose index is out of range (nothing is copied then), or -1. */
export function gatherRows(
  rows: number,
  length: number,
  index: Float32Array,
  from: Float32Array,
  fromRows: number,
  to: Float32Array,
): number {
  const bad = new Float64Array(1);
  gather(rows, length, index, from, fromRows, to, bad);
  return bad[0]!;
}

/** Row index[r] of `to` receives row r of `from`, added; rows that nobody names become zero. */
export const scatterRows = hostFunction('crema_scatter_rows', [
  'i64',
  'i64',
  'pointer',
  'pointer',
  'i64',
  'pointer',
]) as (rows: number, length: number, index: Float32Array, from: Float32Array, toRows: number, to: Float32Array) => void;
