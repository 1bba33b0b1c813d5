import { internalError } from '../core/index.ts';
import { hostFunction } from './host.ts';
import type { Integers } from './quantise.ts';

const P = 'pointer';
const sums = hostFunction('crema_integer_sums', ['i32', P, P, 'i32', P, 'i32', P]);
const bias = hostFunction('crema_integer_bias_sums', [P, 'i32', 'i64', 'i64', 'i64', P]);
const unit = hostFunction('crema_output_unit', [P, P, P, 'i64', 'i64', 'i64', 'i32', 'i32', 'u32', 'u32', 'i32', P, P]);
const round = hostFunction('crema_round_shift_saturate', [P, P, P, 'i64', 'i32', 'i32', P]);
const diversity = hostFunction('crema_diversity_add', [P, P, 'i64', 'i32', P]);

const SHAPE = [
  ...(['batch', 'groups', 'channels', 'height', 'width', 'outputs', 'outHeight', 'outWidth'] as const),
  ...(['kernelH', 'kernelW', 'strideH', 'strideW', 'padH', 'padW', 'dilationH', 'dilationW'] as const),
];
const PASS = { forward: 0, backwardData: 1, backwardWeights: 2 } as const;

export type ConvolutionNumbers = Readonly<Record<(typeof SHAPE)[number], number>>;

const bits = (data: Integers): number => data.BYTES_PER_ELEMENT * 8;

/** Exact integer sums of a pass, row-major, as doubles; the caller has checked that they fit 48 bits. */
export function hostIntegerSums(
  pass: keyof typeof PASS,
  shape: ConvolutionNumbers,
  a: Integers,
  b: Integers,
): Float64Array {
  const { batch, channels, outputs, groups } = shape;
  const input = batch * channels * shape.height * shape.width;
  const output = batch * outputs * shape.outHeight * shape.outWidth;
  const weights = outputs * (channels / groups) * shape.kernelH * shape.kernelW;
  const [left, right, result] = {
    forward: [weights, input, output],
    backwardData: [weights, output, input],
    backwardWeights: [output, input, weights],
  }[pass] as [number, number, number];
  if (a.length < left || b.length < right) throw internalError(`${pass}: too few elements`);
  const target = new Float64Array(result);
  const numbers = BigInt64Array.from(SHAPE, (name) => BigInt(shape[name]));
  sums(PASS[pass], numbers, a, bits(a), b, bits(b), target);
  return target;
}

/** Sums per channel of a row-major [batch][channels][pixels] tensor. */
export function hostBiasSums(gradient: Integers, batch: number, channels: number, pixels: number): Float64Array {
  if (gradient.length < batch * channels * pixels) throw internalError('bias sums: too few elements');
  const target = new Float64Array(channels);
  bias(gradient, bits(gradient), batch, channels, pixels, target);
  return target;
}

export interface HostOutputUnit {
  readonly word: number;
  /** One per row. */
  readonly shifts: Int32Array;
  readonly bias?: Float64Array | undefined;
  readonly relu?: boolean | undefined;
  /** Present: stochastic rounding. */
  readonly key?: readonly [low: number, high: number] | undefined;
}

/** The output unit on sums [n][rows][inner]: + bias, shift, round, saturate, ReLU. Writes `target`, returns what it counted. */
export function hostOutputUnit(
  values: Float64Array,
  inner: number,
  by: HostOutputUnit,
  target: Integers,
): { magnitude: number; saturated: number; underflowed: number } {
  const rows = by.shifts.length;
  if (target.length < values.length || (by.bias && by.bias.length < rows) || bits(target) !== (by.word <= 8 ? 8 : 16)) {
    throw internalError('output unit: memory does not match');
  }
  const found = new Float64Array(3);
  const [low, high] = by.key ?? [0, 0];
  const relu = by.relu ? 1 : 0;
  unit(
    values,
    by.bias ?? null,
    by.shifts,
    values.length,
    rows,
    inner,
    by.word,
    by.key ? 1 : 0,
    low,
    high,
    relu,
    target,
    found,
  );
  return { magnitude: found[0]!, saturated: found[1]!, underflowed: found[2]! };
}

/** The rounding unit alone, element by element, with given draws (undefined: nearest even). */
export function hostRoundShiftSaturate(
  acc: Float64Array,
  shifts: Int32Array,
  word: number,
  draws?: Uint32Array,
): Int16Array {
  if (shifts.length < acc.length || (draws && draws.length < acc.length))
    throw internalError('rounding unit: too few elements');
  const result = new Int16Array(acc.length);
  round(acc, shifts, draws ?? null, acc.length, word, draws ? 1 : 0, result);
  return result;
}

const squares = new Float64Array(2);

/**
 * Adds a gradient to a window's running sum (or starts it) in one pass; returns the squared norms of the gradient and of the
 * new sum, in double, the same bits for any number of threads.
 */
export function diversityAdd(
  gradient: Float32Array,
  sum: Float32Array,
  first: boolean,
): { gradient: number; sum: number } {
  if (sum.length < gradient.length) throw internalError('gradient diversity: the sum is too short');
  diversity(gradient, sum, gradient.length, first ? 1 : 0, squares);
  return { gradient: squares[0]!, sum: squares[1]! };
}
