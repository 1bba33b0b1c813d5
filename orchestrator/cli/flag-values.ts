// Values of flags. Each is refused where it is given, before a file is opened, by an error that names the flag.
import { usageError } from '../core/index.ts';

/** A whole number given to a flag, at least `least`. @throws CremaError usage */
export function wholeNumber(flag: string, text: string, least = 0): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw usageError({ message: `${flag} ${text}`, expected: `a whole number ≥ ${least}`, code: 'bad-number' });
}

/** Commander's parser of a whole number. */
export const whole =
  (flag: string, least = 0) =>
  (text: string) =>
    wholeNumber(flag, text, least);

/** Commander's parser of whole numbers between commas. */
export const wholes =
  (flag: string, least = 0) =>
  (text: string): number[] => {
    const values = text.split(',').map((one) => (/^\s*\d+\s*$/.test(one) ? Number(one) : Number.NaN));
    if (values.every((value) => Number.isSafeInteger(value) && value >= least)) return values;
    const expected = `whole numbers ≥ ${least}, comma-separated`;
    throw usageError({ message: `${flag} ${text}`, expected, code: 'bad-number' });
  };

/** Commander's parser of a number that is in a range, which `expected` names. */
const number =
  (expected: string, fits: (value: number) => boolean) =>
  (flag: string) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (fits(value)) return value;
    throw usageError({ message: `${flag} ${text}`, expected, code: 'bad-number' });
  };

/** A level of a net state, an int32 that may be negative. */
export const levelNumber = number('a whole number of 32 bits', (value) => value === (value | 0));
/** A positive number, such as a learning rate. */
export const positive = number('a number above 0', (value) => value > 0 && Number.isFinite(value));
export const nonNegative = number('a number ≥ 0', (value) => value >= 0 && Number.isFinite(value));

/** Commander's parser of shares between commas: 0.7, or 70 %. */
export const shares = (flag: string) => (text: string) =>
  text.split(',').map((one) => {
    const value = shareOf(one);
    if (value >= 0 && value < 1) return value;
    throw usageError({ message: `${flag} ${text}`, expected: 'a share such as 0.7 or 70%', code: 'bad-number' });
  });

/** Commander's parser of an accuracy from 0 to 1, or in per cent. */
export const accuracy = (flag: string) => (text: string) => {
  const value = shareOf(text);
  if (value >= 0 && value <= 1) return value;
  throw usageError({ message: `${flag} ${text}`, expected: 'an accuracy such as 0.9 or 90%', code: 'bad-number' });
};

function shareOf(text: string): number {
  const [, digits, percent] = /^\s*([\d.eE+-]+)\s*(%?)\s*$/.exec(text) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) / (percent ? 100 : 1);
}

/** Commander's parser of one word of a few. */
export const choice =
  <T extends string>(flag: string, choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((one) => one === text);
    if (found !== undefined) return found;
    const expected = `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
    throw usageError({ message: `${flag} ${text}`, expected, code: 'bad-flag' });
  };

export type Phase = 'TRAIN' | 'TEST';

/** Commander's parser of --phase, in capitals or not. */
export function phase(text: string): Phase {
  const name = text.toUpperCase();
  if (name === 'TRAIN' || name === 'TEST') return name;
  throw usageError({ message: `--phase ${text}`, expected: 'TRAIN or TEST', code: 'bad-phase' });
}

const sizesOf = (text: string) => text.split('x').map((n) => (/^\d+$/.test(n) ? Number(n) : 0));
const areSizes = (sizes: readonly number[], axes: number) =>
  sizes.length === axes && sizes.every((n) => Number.isSafeInteger(n) && n > 0);

/** Commander's parser of --record, `CxHxW` of records whose source is not opened. */
export function record(text: string): [number, number, number] {
  const sizes = sizesOf(text);
  if (areSizes(sizes, 3)) return sizes as [number, number, number];
  throw usageError({ message: `--record ${text}`, expected: 'CxHxW, e.g. 3x256x256', code: 'bad-record' });
}

/** Commander's parser of --resize, `HxW` of pictures. */
export function size(text: string): [number, number] {
  const sizes = sizesOf(text);
  if (areSizes(sizes, 2)) return sizes as [number, number];
  throw usageError({ message: `--resize ${text}`, expected: 'HxW, e.g. 256x256', code: 'bad-size' });
}
