import { internalError } from '../core/index.ts';
import { type Geometry, type Pass, passShape } from './geometry.ts';

/** The kernel ABI of hls/engine/descriptor.hpp; a bitstream of another number is refused. */
export const ABI_VERSION = 1;
export const DESCRIPTOR_BYTES = 256;
const MAGIC = 0x414d5243;
const FLAG = { bias: 1, accumulate: 2, transposed: 4, relu: 8, noWeights: 16, maximumOnly: 64 } as const;
const ROUNDING = { nearest: 0, stochastic: 1 } as const;

/** Elements (int64, of the bias buffer) of the record a fixed-point op leaves: max |sum|, saturated, underflowed, 0. */
export const STATISTICS_ELEMENTS = 4;

const OP: Record<Geometry['kind'], Record<Pass, number>> = {
  convolution: { forward: 1, backwardData: 2, backwardWeights: 3 },
  'inner-product': { forward: 4, backwardData: 5, backwardWeights: 6 },
};

/** Block floating point (docs/precision.md): how operands and result are stored, and the output unit. */
export interface FixedOptions {
  readonly elementBits: 8 | 16;
  /** Word lengths, 4 to `elementBits`. */
  readonly words: { readonly a: number; readonly b: number; readonly c: number };
  /** Right shift of the output unit, 0 to 47. */
  readonly shift: number;
  readonly rounding: 'nearest' | 'stochastic';
  /** Key of the draws of C; both halves are 32-bit words. */
  readonly key: { readonly low: number; readonly high: number };
  /** Forward: negative results become zero. */
  readonly relu?: boolean;
  /** Only max |sum| is computed; C is not written. First pass of exact exponents. */
  readonly maximumOnly?: boolean;
  /** Where the statistics go, in int64 elements of the bias buffer; descriptor i of `describePass` writes 4 · i further on. */
  readonly statisticsOffset?: number;
}

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
  /** Fixed point instead of fp32. Bias and its gradient are then int64 elements. */
  readonly fixed?: FixedOptions;
  /** Rows of C, default all. */
  readonly rows?: readonly [number, number];
  /** Lane blocks of the batch (forward, data), default all. */
  readonly blocks?: readonly [number, number];
}

function checkFixed(fixed: FixedOptions, pass: Pass, accumulate: boolean, bias: boolean): void {
  const { a, b, c } = fixed.words;
  const word = [a, b, c].find((w) => !(Number.isInteger(w) && w >= 4 && w <= fixed.elementBits));
  if (word !== undefined) throw internalError(`a word of ${word} bits in elements of ${fixed.elementBits}`);
  if (!(Number.isInteger(fixed.shift) && fixed.shift >= 0 && fixed.shift <= 47)) {
    throw internalError(`a right shift of ${fixed.shift}; the output unit shifts by 0 to 47`);
  }
  if (accumulate) throw internalError('fixed-point ops do not accumulate: exponents differ from step to step');
  if (fixed.relu && pass !== 'forward') throw internalError(`a ReLU in ${pass}`);
  if (bias && fixed.statisticsOffset === undefined) throw internalError('a fixed-point op without room for statistics');
}

const offsetWords = (offset = 0): [number, number] => [offset >>> 0, Math.floor(offset / 2 ** 32)];

/** Words 34 to 42: word lengths, shift, rounding, key, place of the statistics. */
const fixedWords = (fixed: FixedOptions): number[] => [
  ...[fixed.words.a, fixed.words.b, fixed.words.c, fixed.shift, ROUNDING[fixed.rounding]],
  ...[fixed.key.low, fixed.key.high, ...offsetWords(fixed.statisticsOffset)],
];

/** One 256-byte op descriptor. @throws CremaError internal for options that the engine does not define */
export function describeOp(geometry: Geometry, pass: Pass, options: OpOptions = {}): Uint8Array {
  const g = geometry;
  const { rows, blocks } = passShape(g, pass);
  const conv = g.kind === 'convolution' ? g : undefined;
  const inner = g.kind === 'inner-product' ? g : undefined;
  const { fixed } = options;
  const bias = g.bias && pass !== 'backwardData';
  if (fixed) checkFixed(fixed, pass, options.accumulate ?? false, bias);
  const flags =
    (bias ? FLAG.bias : 0) |
    (fixed?.relu ? FLAG.relu : 0) |
    (fixed?.maximumOnly ? FLAG.maximumOnly : 0) |
    (options.accumulate ? FLAG.accumulate : 0) |
    (inner?.transposed ? FLAG.transposed : 0) |
    (options.biasOnly ? FLAG.noWeights : 0);
  const [rowBegin, rowEnd] = options.rows ?? [0, rows];
  const [blockBegin, blockEnd] = options.blocks ?? [0, blocks];
  const words: number[] = [MAGIC, ABI_VERSION, OP[g.kind][pass], flags];
  words.push(g.lanes, g.batch, conv?.groups ?? 1, fixed?.elementBits ?? 32);
  words.push(conv?.channels ?? inner!.inputs, conv?.height ?? 1, conv?.width ?? 1);
  words.push(g.outputs, conv?.outHeight ?? 1, conv?.outWidth ?? 1);
  words.push(...(conv?.kernel ?? [1, 1]), ...(conv?.stride ?? [1, 1]));
  words.push(...(conv?.pad ?? [0, 0]), ...(conv?.dilation ?? [1, 1]));
  words.push(rowBegin, rowEnd, blockBegin, blockEnd);
  for (const offset of [options.aOffset, options.bOffset, options.cOffset, options.biasOffset]) {
    words.push(...offsetWords(offset));
  }
  if (fixed) words.push(...fixedWords(fixed));
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
  const cut = pass !== 'backwardWeights' && blocks % units === 0 ? 'blocks' : 'rows';
  return splitRange(cut === 'blocks' ? blocks : rows, units).map((range, i) =>
    describeOp(geometry, pass, { ...options, [cut]: range, ...unitStatistics(options.fixed, i) }),
  );
}

function unitStatistics(fixed: FixedOptions | undefined, unit: number): { fixed?: FixedOptions } {
  if (fixed?.statisticsOffset === undefined) return {};
  return { fixed: { ...fixed, statisticsOffset: fixed.statisticsOffset + STATISTICS_ELEMENTS * unit } };
}

/** Several ops as the list of one launch. */
export function concatDescriptors(ops: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(ops.length * DESCRIPTOR_BYTES);
  ops.forEach((op, i) => void bytes.set(op, i * DESCRIPTOR_BYTES));
  return bytes;
}
