import type { BlockFormat, Storage } from './format.ts';
import { lowerBound, newStorage, upperBound } from './format.ts';
import { type DrawKey, draw, type Rounding, roundHalfEven, roundShift } from './rounding.ts';

/** What a quantisation did to a tensor. `least` ≤ 0 ≤ `most`: extremes of the values, zero included. */
export interface QuantiseStatistics {
  readonly least: number;
  readonly most: number;
  /** Elements whose rounded value lay outside the word. */
  readonly saturated: number;
  /** Elements other than zero that became zero. */
  readonly underflowed: number;
}

/** Fraction bits of the fixed-point number that stochastic rounding starts from: its range just fits 32 bits. */
export const fractionBits = (word: number): number => 31 - word;

/**
 * The integer of one value: y = x · 2^-e, held within one beyond the word, then
 * nearest: half to even; stochastic: y to 31 - W fraction bits (half to even), then the output unit with that shift.
 */
export function quantiseValue(x: number, format: BlockFormat, rounding: Rounding, bits = 0): number {
  const { word, exponent } = format;
  const least = lowerBound(word) - 1;
  const most = upperBound(word) + 1;
  const scaled = x * 2 ** -exponent;
  const y = Number.isNaN(scaled) ? least : Math.min(most, Math.max(least, scaled));
  if (rounding === 'nearest') return roundHalfEven(y);
  const shift = fractionBits(word);
  return roundShift(roundHalfEven(y * 2 ** shift), shift, rounding, bits);
}

export interface QuantiseRequest {
  readonly format: BlockFormat;
  readonly rounding: Rounding;
  /** Needed for stochastic rounding. */
  readonly key?: DrawKey;
}

/** Reference quantiser of a row-major tensor with one exponent: what host library and hardware must equal bit for bit. */
export function quantise(
  values: ArrayLike<number>,
  request: QuantiseRequest,
): { data: Storage; statistics: QuantiseStatistics } {
  const { format, rounding, key = [0, 0] } = request;
  const [lower, upper] = [lowerBound(format.word), upperBound(format.word)];
  const data = newStorage(format.word, values.length);
  let [least, most, saturated, underflowed] = [0, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    const q = quantiseValue(x, format, rounding, rounding === 'stochastic' ? draw(key, i) : 0);
    data[i] = Math.min(upper, Math.max(lower, q));
    if (q < lower || q > upper) saturated++;
    if (q === 0 && x !== 0) underflowed++;
    least = Math.min(least, x);
    most = Math.max(most, x);
  }
  return { data, statistics: { least, most, saturated, underflowed } };
}

/** q · 2^e, exact in float32. */
export function dequantise(data: Storage, exponent: number): Float32Array {
  return Float32Array.from(data, (q) => q * 2 ** exponent);
}

/** Bias as integers at the accumulator's scale: nearest even of b · 2^-e, held within 47 bits. e is the sum of the operands' exponents. */
export function accumulatorBias(bias: ArrayLike<number>, exponent: number): Float64Array {
  const limit = 2 ** 46 - 1;
  return Float64Array.from(bias, (b) => Math.min(limit, Math.max(-limit, roundHalfEven(b * 2 ** -exponent))));
}
