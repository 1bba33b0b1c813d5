import { inputError } from '../core/index.ts';

/** Width of a DSP48's accumulator, and of every sum in this contract. */
export const ACCUMULATOR_BITS = 48;

/** The longest right shift of the output unit. */
export const MAX_SHIFT = ACCUMULATOR_BITS - 1;

/**
 * Bits, sign included, that hold any sum of `terms` products of words of `a` and `b` bits:
 * |product| ≤ 2^(a-1) · 2^(b-1), so |sum| ≤ 2^(a+b-2+ceil(log2 terms)), plus the sign: 2(W-1) + ceil(log2 K) + 1 for a = b = W.
 * One sum needs a bit more: +2^(n-1) itself, where every one of a power of two of terms is LB · LB. It takes two tensors that are
 * constant at -2^(W-1) over the whole sum; the reference refuses such a sum, a card would wrap.
 */
export const accumulatorBits = (a: number, b: number, terms: number): number =>
  a - 1 + (b - 1) + Math.ceil(Math.log2(Math.max(1, terms))) + 1;

export interface AccumulatorCheck {
  readonly fits: boolean;
  readonly bits: number;
  readonly reason: string;
}

/** Whether sums of `terms` products fit the accumulator; the reason is for the plan and for refusals. */
export function checkAccumulator(a: number, b: number, terms: number, width = ACCUMULATOR_BITS): AccumulatorCheck {
  const bits = accumulatorBits(a, b, terms);
  const what = `${terms} products of ${a} × ${b} bits need ${bits} bits`;
  return bits <= width
    ? { fits: true, bits, reason: `${what}, the accumulator has ${width}` }
    : { fits: false, bits, reason: `${what}, more than the accumulator's ${width}` };
}

/** Throws where the sum might overflow. `path` names layer and pass. */
export function requireAccumulator(path: string, a: number, b: number, terms: number): void {
  const { fits, reason } = checkAccumulator(a, b, terms);
  if (fits) return;
  throw inputError({
    path,
    message: reason,
    hint: 'a shorter word, a smaller batch, or this layer in fp32 (precision > layers)',
    code: 'accumulator-overflow',
  });
}
