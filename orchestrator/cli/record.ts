import { usageError } from '../core/index.ts';

/** `CxHxW` of records whose source is not opened. */
export function parseRecord(text: string | undefined): [number, number, number] | undefined {
  if (text === undefined) return undefined;
  const sizes = text.split('x').map(Number);
  if (sizes.length === 3 && sizes.every((n) => Number.isSafeInteger(n) && n > 0))
    return sizes as [number, number, number];
  throw usageError({ message: `--record ${text}`, expected: 'CxHxW, e.g. 3x256x256', code: 'bad-record' });
}
