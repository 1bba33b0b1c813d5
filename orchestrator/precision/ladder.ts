import { inputError } from '../core/index.ts';
import { checkWord, type Level, ROLES, type Role, storageBits, uniformLevel } from './format.ts';

/** A level as experiments write it. */
export type WrittenLevel = number | 'fp32' | Readonly<Record<Role, number>>;

export function decodeLevel(written: WrittenLevel, path: string): Level {
  if (written === 'fp32') return written;
  const level = typeof written === 'number' ? uniformLevel(written) : written;
  for (const role of ROLES) checkWord(level[role], `${path} > ${role}`);
  return level;
}

/** `fp32`, `8 bits`, or the four word lengths in the order of ROLES. */
export function levelName(level: Level): string {
  if (level === 'fp32') return level;
  const words = ROLES.map((role) => level[role]);
  return words.every((w) => w === words[0]) ? `${words[0]} bits` : `${words.join('/')} bits`;
}

/** Levels from narrow to wide: no role's word may ever become shorter, and nothing follows fp32. */
export function decodeLadder(written: readonly WrittenLevel[]): Level[] {
  const ladder = written.map((level, i) => decodeLevel(level, `precision > ladder > ${i}`));
  ladder.forEach((level, i) => {
    const before = ladder[i - 1];
    if (before === undefined) return;
    const rises =
      before !== 'fp32' &&
      (level === 'fp32' ||
        (ROLES.every((role) => level[role] >= before[role]) && ROLES.some((role) => level[role] > before[role])));
    if (rises) return;
    throw inputError({
      path: `precision > ladder > ${i}`,
      message: `${levelName(level)} after ${levelName(before)}`,
      expected: 'a wider level',
      code: 'bad-ladder',
    });
  });
  return ladder;
}

/** Bits of the elements that an engine has to store for a level: 8, 16, or 32 for fp32. */
export const engineBits = (level: Level): 8 | 16 | 32 =>
  level === 'fp32' ? 32 : storageBits(Math.max(...ROLES.map((role) => level[role])));

/** The widest word of a level; fp32 counts as 32. */
export const levelBits = (level: Level): number =>
  level === 'fp32' ? 32 : Math.max(...ROLES.map((role) => level[role]));
