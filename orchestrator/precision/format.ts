import { CremaError, inputError } from '../core/index.ts';

/**
 * Block floating point: a run of signed W-bit integers q with one power-of-two exponent e; an element's value is q · 2^e.
 * (MuPPET writes x · 2^-s for the same: s = -e. Rajagopal et al., ICML 2020, section 3.1.)
 */
export interface BlockFormat {
  /** Word length W in bits, sign included. */
  readonly word: number;
  readonly exponent: number;
}

export const MIN_WORD = 4;
export const MAX_WORD = 16;

/** Exponents fit a signed byte, and 2^e and 2^-e are normal float32 numbers. */
export const MAX_EXPONENT = 126;

/** What a tensor is in a training step; each kind may have its own word length. */
export const ROLES = ['weights', 'activations', 'activationGradients', 'weightGradients'] as const;
export type Role = (typeof ROLES)[number];

/** Word length of every role: one rung of a ladder. `fp32` is the last rung, where nothing is quantised. */
export type WordLengths = Readonly<Record<Role, number>>;
export type Level = 'fp32' | WordLengths;

export const uniformLevel = (word: number): WordLengths => ({
  weights: word,
  activations: word,
  activationGradients: word,
  weightGradients: word,
});

export type Storage = Int8Array | Int16Array;

/** Bits of memory per element: int8 up to 8 bits, int16 above. */
export const storageBits = (word: number): 8 | 16 => (word <= 8 ? 8 : 16);

export function checkWord(word: number, what: string): void {
  if (Number.isInteger(word) && word >= MIN_WORD && word <= MAX_WORD) return;
  throw inputError({
    path: what,
    message: `a word length of ${word} bits`,
    expected: `an integer from ${MIN_WORD} to ${MAX_WORD}`,
    code: 'bad-word-length',
  });
}

export function newStorage(word: number, elements: number): Storage {
  return storageBits(word) === 8 ? new Int8Array(elements) : new Int16Array(elements);
}

/** The beginning of a tensor's memory as fixed-point elements; four (int8) or two (int16) of them fill one float's place. */
export function storageView(memory: Float32Array, word: number, elements: number): Storage {
  const { buffer, byteOffset } = memory;
  return storageBits(word) === 8
    ? new Int8Array(buffer, byteOffset, elements)
    : new Int16Array(buffer, byteOffset, elements);
}

/** The largest integer of a word: 2^(W-1) - 1. The smallest is -2^(W-1). */
export const upperBound = (word: number): number => 2 ** (word - 1) - 1;
export const lowerBound = (word: number): number => -(2 ** (word - 1));

const clampExponent = (e: number): number => Math.max(-MAX_EXPONENT, Math.min(MAX_EXPONENT, e));

/** The largest s with magnitude · 2^s ≤ bound, found without a logarithm's rounding error. */
function largestShift(magnitude: number, bound: number): number {
  if (magnitude <= 0) return Number.POSITIVE_INFINITY;
  let s = Math.floor(Math.log2(bound) - Math.log2(magnitude));
  while (magnitude * 2 ** s > bound) s--;
  while (magnitude * 2 ** (s + 1) <= bound) s++;
  return s;
}

/**
 * Exponent for values in [least, most] at word length W: s = floor(log2(min((UB + ½) / most, (LB - ½) / least))), e = -s.
 * A bound that lies on the wrong side of zero does not count; where no value differs from zero, e = 0.
 * A value may scale to UB + ½ exactly and is then saturated. Throws `diverged` where a bound is not finite.
 */
export function exponentOf(least: number, most: number, word: number): number {
  if (!Number.isFinite(least) || !Number.isFinite(most)) {
    throw new CremaError('diverged', {
      message: `no exponent for values from ${least} to ${most}`,
      code: 'not-finite',
    });
  }
  const s = Math.min(largestShift(most, upperBound(word) + 0.5), largestShift(-least, 0.5 - lowerBound(word)));
  return s === Number.POSITIVE_INFINITY ? 0 : clampExponent(0 - s);
}

/** The same from max|x| alone, which is all that the engine returns: the tighter, positive bound decides. */
export const exponentOfMagnitude = (magnitude: number, word: number): number => exponentOf(-magnitude, magnitude, word);
