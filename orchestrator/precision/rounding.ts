import { hashName } from '../core/index.ts';
import { lowerBound, upperBound } from './format.ts';

export type Rounding = 'nearest' | 'stochastic';

/** Key of the draws of one tensor in one iteration: two 32-bit words (`seedLow`, `seedHigh` of the op descriptor). */
export type DrawKey = readonly [low: number, high: number];

const FIRST = 0x7feb352d;
const SECOND = 0x846ca68b;

/**
 * A 32-bit mixer: xor-shifts 16, 15, 16 around two multiplications. The constants are those of `lowbias32` (Wellons, "Prospecting
 * for hash functions", 2018, public domain), found by search for least avalanche bias. `inner` enters between the rounds.
 */
function mix(value: number, inner: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), FIRST) ^ inner;
  x = Math.imul(x ^ (x >>> 15), SECOND);
  return (x ^ (x >>> 16)) >>> 0;
}

/**
 * The key for (seed, tensor, iteration), made once per tensor and pass on the host. `tensor` names blob and role, e.g.
 * `conv1.activations`; seed and iteration may have up to 53 bits.
 */
export function drawKey(seed: number, tensor: string, iteration: number): DrawKey {
  const words = [seed, Math.floor(seed / 2 ** 32), hashName(tensor), iteration, Math.floor(iteration / 2 ** 32)];
  let low = 0x243f6a88; // two different starts (digits of pi), so that the halves are unrelated
  let high = 0x85a308d3;
  for (const word of words) {
    low = mix(low ^ word, 0);
    high = mix(high ^ word, low);
  }
  return [low, high];
}

/**
 * The 32-bit draw of an element: a pure function of the key and the element's row-major index (NCHW; < 2^32), whatever the
 * layout in memory. In hardware: two 32-bit multiplications and a few xors per output element.
 */
export const draw = (key: DrawKey, element: number): number => mix(element ^ key[0], key[1]);

/**
 * The output unit on integers: acc · 2^-shift, rounded and saturated to a W-bit word.
 * nearest: halves go to the even neighbour. stochastic: floor((acc + a) / 2^shift), where a in [0, 2^shift) is the top `shift` bits of the
 * draw, so that the mean over all draws is exactly acc / 2^shift; beyond 32 bits, a = draw · 2^(shift-32) + 2^(shift-33).
 * |acc| < 2^47 and 0 ≤ shift ≤ 47: every intermediate is exact in a double.
 */
export function roundShiftSaturate(acc: number, shift: number, word: number, rounding: Rounding, bits = 0): number {
  const value = roundShift(acc, shift, rounding, bits);
  return Math.min(upperBound(word), Math.max(lowerBound(word), value));
}

/** `roundShiftSaturate` before it saturates; a result outside the word counts as a saturation. */
export function roundShift(acc: number, shift: number, rounding: Rounding, bits = 0): number {
  if (shift === 0) return acc;
  const unit = 2 ** shift;
  if (rounding === 'stochastic') {
    const added = shift <= 32 ? bits >>> (32 - shift) : bits * 2 ** (shift - 32) + 2 ** (shift - 33);
    return Math.floor((acc + added) / unit);
  }
  return roundHalfEven(acc / unit);
}

/** Nearest integer, halves to the even one; exact for |x| < 2^52. Never -0. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below + 0;
  if (rest > 0.5) return below + 1 + 0;
  return (below % 2 === 0 ? below : below + 1) + 0;
}
