import { usageError } from '../core/index.ts';

/** A whole number given to a flag, at least `least`. @throws CremaError usage */
export function wholeNumber(flag: string, text: string, least = 0): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw usageError({ message: `${flag} ${text}`, expected: `a whole number ≥ ${least}`, code: 'bad-number' });
}
