import { ceilDivide, checkedProduct } from '../core/index.ts';

/** Dimensions of a blob, outermost first. A scalar is []. */
export type Shape = readonly number[];

/**
 * How the elements of a blob lie in memory. `lanes` = 1 is Caffe's row-major NCHW. With `lanes` = B > 1 the batch axis is
 * blocked: [ceil(N/B)][C][H][W][B]; B images side by side fill (part of) a 512-bit word. Both are one formula:
 * address = ((n/B · rest + r) · B + n mod B), with rest = the product of all axes after the first.
 * Lanes beyond the batch are padding: any finite value in data, not read by anyone.
 */
export interface Layout {
  readonly lanes: number;
}

export const NCHW: Layout = { lanes: 1 };

export function layoutName(layout: Layout): string {
  return layout.lanes === 1 ? 'nchw' : `nchw${layout.lanes}n`;
}

/** The most elements one blob may have: byte offsets of float32 stay exact and below what a 64-bit process can map. */
export const MAX_ELEMENTS = 2 ** 40;

/** Elements of a shape without padding. */
export function elementCount(shape: Shape): number {
  return checkedProduct(shape, 'a blob', MAX_ELEMENTS);
}

/** Elements in memory, padding lanes included. */
export function storedCount(shape: Shape, layout: Layout): number {
  if (layout.lanes === 1) return elementCount(shape);
  const [batch = 1, ...rest] = shape;
  return ceilDivide(batch, layout.lanes) * layout.lanes * checkedProduct(rest, 'a blob', MAX_ELEMENTS);
}

/** A shape seen as the four numbers that spatial layers work with; missing axes are 1, further axes fold into the width. */
export interface Geometry {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly lanes: number;
  /** Number of lane blocks along the batch: the outermost extent in memory. */
  readonly blocks: number;
}

export function geometry(shape: Shape, layout: Layout): Geometry {
  const [batch = 1, channels = 1, height = 1, ...rest] = shape;
  const width = checkedProduct(rest, 'a blob', MAX_ELEMENTS);
  return { batch, channels, height, width, lanes: layout.lanes, blocks: ceilDivide(batch, layout.lanes) };
}

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((d, i) => d === b[i]);
