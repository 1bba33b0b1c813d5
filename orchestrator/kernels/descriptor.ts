import { type Geometry, type Pass, passShape } from './geometry.ts';

/** The kernel ABI of hls/engine/descriptor.hpp; a bitstream of another number is refused. */
export const ABI_VERSION = 1;
export const DESCRIPTOR_BYTES = 256;
const MAGIC = 0x414d5243;
const FLAG = { bias: 1, accumulate: 2, transposed: 4, noWeights: 16 } as const;
const OP: Record<Geometry['kind'], Record<Pass, number>> = {
  convolution: { forward: 1, backwardData: 2, backwardWeights: 3 },
  'inner-product': { forward: 4, backwardData: 5, backwardWeights: 6 },
};

/** Offsets count elements from the start of the operand's buffer; operands as in hls/engine/descriptor.hpp. */
export interface OpOptions {
  /** beta = 1: C, and the bias gradient, are preloaded from memory. */
  readonly accumulate?: boolean;
  /** Backward-weights of frozen weights: the bias gradient alone. */
  readonly biasOnly?: boolean;
  readonly aOffset?: number;
  readonly bOffset?: number;
  readonly cOffset?: number;
  readonly biasOffset?: number;
  /** Rows of C, default all. */
  readonly rows?: readonly [number, number];
  /** Lane blocks of the batch (forward, data), default all. */
  readonly blocks?: readonly [number, number];
}

/** One 256-byte op descriptor. */
export function describeOp(geometry: Geometry, pass: Pass, options: OpOptions = {}): Uint8Array {
  const g = geometry;
  const { rows, blocks } = passShape(g, pass);
  const conv = g.kind === 'convolution' ? g : undefined;
  const inner = g.kind === 'inner-product' ? g : undefined;
  const flags =
    (g.bias && pass !== 'backwardData' ? FLAG.bias : 0) |
    (options.accumulate ? FLAG.accumulate : 0) |
    (inner?.transposed ? FLAG.transposed : 0) |
    (options.biasOnly ? FLAG.noWeights : 0);
  const [rowBegin, rowEnd] = options.rows ?? [0, rows];
  const [blockBegin, blockEnd] = options.blocks ?? [0, blocks];
  const words: number[] = [MAGIC, ABI_VERSION, OP[g.kind][pass], flags];
  words.push(g.lanes, g.batch, conv?.groups ?? 1, 32);
  words.push(conv?.channels ?? inner!.inputs, conv?.height ?? 1, conv?.width ?? 1);
  words.push(g.outputs, conv?.outHeight ?? 1, conv?.outWidth ?? 1);
  words.push(...(conv?.kernel ?? [1, 1]), ...(conv?.stride ?? [1, 1]));
  words.push(...(conv?.pad ?? [0, 0]), ...(conv?.dilation ?? [1, 1]));
  words.push(rowBegin, rowEnd, blockBegin, blockEnd);
  for (const offset of [options.aOffset, options.bOffset, options.cOffset, options.biasOffset]) {
    words.push((offset ?? 0) >>> 0, Math.floor((offset ?? 0) / 2 ** 32));
  }
  const bytes = new Uint8Array(DESCRIPTOR_BYTES);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => void view.setUint32(i * 4, word >>> 0, true));
  return bytes;
}

/** Cuts [0, total) into at most `parts` ranges of near-equal length, none empty. */
export function splitRange(total: number, parts: number): [number, number][] {
  const count = Math.max(1, Math.min(total, parts));
  return Array.from({ length: count }, (_, i) => [
    Math.floor((total * i) / count),
    Math.floor((total * (i + 1)) / count),
  ]);
}

/**
 * The op of one pass shared among `units` compute units: one descriptor each, at most `units`. Forward and backward-data are
 * cut along lane blocks when the batch has enough of them, else along rows; backward-weights along rows only, so every
 * sum over the batch stays whole and the result keeps its bits.
 */
export function describePass(geometry: Geometry, pass: Pass, options: OpOptions = {}, units = 1): Uint8Array[] {
  const { rows, blocks } = passShape(geometry, pass);
  if (pass !== 'backwardWeights' && blocks % units === 0) {
    return splitRange(blocks, units).map((range) => describeOp(geometry, pass, { ...options, blocks: range }));
  }
  return splitRange(rows, units).map((range) => describeOp(geometry, pass, { ...options, rows: range }));
}

/** Several ops as the list of one launch. */
export function concatDescriptors(ops: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(ops.length * DESCRIPTOR_BYTES);
  ops.forEach((op, i) => void bytes.set(op, i * DESCRIPTOR_BYTES));
  return bytes;
}
