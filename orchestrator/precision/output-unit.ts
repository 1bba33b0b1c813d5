import { lowerBound, newStorage, type Storage, upperBound } from './format.ts';
import { type DrawKey, draw, type Rounding, roundShift } from './rounding.ts';

export interface OutputUnit {
  readonly word: number;
  /** Right shift of all sums, or one per row (output channel) where exponents are per channel block. */
  readonly shift: number | readonly number[];
  readonly rounding: Rounding;
  readonly key?: DrawKey;
  /** Integers at the accumulator's scale, one per row. */
  readonly bias?: Float64Array | undefined;
  /** Negative results become zero after rounding; the gradient's mask is `result > 0`, as for a ReLU layer in place. */
  readonly relu?: boolean | undefined;
}

export interface OutputStatistics {
  /** Largest |sum| with bias, before the shift: the next exponent follows from it without a second pass. */
  readonly magnitude: number;
  readonly saturated: number;
  readonly underflowed: number;
}

/**
 * Reference of the engine's output unit on row-major sums: + bias, shift and round, saturate, ReLU. `inner` is the number of
 * elements per row, `rows` the number of rows after which they repeat (sums are [n][rows][inner]).
 */
export function outputUnit(
  sums: Float64Array,
  rows: number,
  inner: number,
  unit: OutputUnit,
): { data: Storage; statistics: OutputStatistics } {
  const { word, rounding, key = [0, 0] } = unit;
  const [lower, upper] = [lowerBound(word), upperBound(word)];
  const data = newStorage(word, sums.length);
  let [magnitude, saturated, underflowed] = [0, 0, 0];
  for (let i = 0; i < sums.length; i++) {
    const row = Math.floor(i / inner) % rows;
    const acc = sums[i]! + (unit.bias?.[row] ?? 0);
    const shift = typeof unit.shift === 'number' ? unit.shift : unit.shift[row]!;
    const q = roundShift(acc, shift, rounding, rounding === 'stochastic' ? draw(key, i) : 0);
    magnitude = Math.max(magnitude, Math.abs(acc));
    if (q < lower || q > upper) saturated++;
    if (q === 0 && acc !== 0) underflowed++;
    const held = Math.min(upper, Math.max(lower, q));
    data[i] = unit.relu && held < 0 ? 0 : held;
  }
  return { data, statistics: { magnitude, saturated, underflowed } };
}
