import { CremaError } from '../core/index.ts';
import { MAX_SHIFT } from './accumulator.ts';
import { exponentOfMagnitude, MAX_EXPONENT, upperBound } from './format.ts';

/**
 * exact: the extremes of the tensor itself, one pass more. delayed: the largest magnitude of the last `history` uses times
 * 2^margin; no extra pass, and the saturation counter shows where it was too tight.
 */
export type ExponentRule =
  | { readonly kind: 'exact' }
  | { readonly kind: 'delayed'; readonly history: number; readonly margin: number };

/** Plain JSON: part of the snapshot. Newest first. */
export interface ExponentState {
  readonly magnitudes: readonly number[];
}

export const NO_HISTORY: ExponentState = { magnitudes: [] };

/** The state after a tensor with this max|x| was seen. */
export function observeMagnitude(state: ExponentState, magnitude: number, history: number): ExponentState {
  return { magnitudes: [magnitude, ...state.magnitudes].slice(0, history) };
}

/** The exponent the next use shall take, or undefined where nothing was seen yet (then the exact rule serves). */
export function delayedExponent(state: ExponentState, word: number, margin: number): number | undefined {
  if (state.magnitudes.length === 0) return undefined;
  return exponentOfMagnitude(Math.max(...state.magnitudes) * 2 ** margin, word);
}

/**
 * Shift of the output unit for sums of magnitude up to `magnitude` (integers): the least s ≥ 0 with magnitude ≤ (UB + ½) · 2^s.
 * Never a left shift: it would add zeros and no information. The result's exponent is that of the sums plus s.
 */
export function shiftOfMagnitude(magnitude: number, word: number): number {
  let shift = 0;
  while (shift < MAX_SHIFT && magnitude > (upperBound(word) + 0.5) * 2 ** shift) shift++;
  return shift;
}

export interface OutputScale {
  readonly shift: number;
  readonly exponent: number;
}

/**
 * Shift that gives sums at exponent `sums` (of both operands added) the `wanted` exponent, as far as a shift of 0 to 47 bits
 * can, and the exponent that results. Where the wanted one would need a left shift, the sums stay as they are.
 * Throws `diverged` where the result's exponent leaves ±126: such values are beyond float32 too.
 */
export function outputScale(sums: number, wanted: number): OutputScale {
  const shift = Math.max(0, Math.min(MAX_SHIFT, Math.max(wanted, -MAX_EXPONENT) - sums));
  const exponent = sums + shift;
  if (Math.abs(exponent) <= MAX_EXPONENT) return { shift, exponent };
  throw new CremaError('diverged', {
    message: `a result with the exponent ${exponent}`,
    expected: `-${MAX_EXPONENT} to ${MAX_EXPONENT}`,
    code: 'exponent-range',
  });
}
