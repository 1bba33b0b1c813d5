import { closeSync, openSync, readdirSync, readFileSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { dataError } from '../core/index.ts';

/** Undefined where there is nothing, and where nothing can be: below a file, in a folder that may not be entered, a name too long. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What is at a path, in words: the half of a message that saves a look at the disk. */
export function describePath(path: string): string {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    return `${path} cannot be looked at (${(cause as NodeJS.ErrnoException).code})`;
  }
  if (!stats) {
    const parent = dirname(path);
    return statOf(parent) ? `there is no ${path}` : `there is no ${path}, nor its folder ${parent}`;
  }
  if (!stats.isDirectory()) return `${path} is a file of ${stats.size} bytes${guessFile(path)}`;
  return `${path} is a folder${guessFolder(path)}`;
}

/** Names of what a folder holds; empty where it cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function guessFolder(path: string): string {
  const names = namesIn(path);
  if (names.includes('data.mdb')) return ' that holds an LMDB (data.mdb)';
  if (names.includes('CURRENT')) return ' that holds a LevelDB (CURRENT)';
  if (names.some((name) => name.endsWith('_batch_1.bin') || name === 'test_batch.bin'))
    return ' with CIFAR-10 binary files';
  if (names.length === 0) return ' with nothing in it';
  return ` with ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', …' : ''}`;
}

function guessFile(path: string): string {
  const head = firstBytes(path, 24);
  if (head.length >= 20 && head[16] === 0xde && head[17] === 0xc0 && head[18] === 0xef && head[19] === 0xbe)
    return ' (LMDB data)';
  if (head[0] === 0x89 && head[1] === 0x48 && head[2] === 0x44 && head[3] === 0x46) return ' (HDF5)';
  if (head[0] === 0x1f && head[1] === 0x8b) return ' (gzip)';
  if (head[0] === 0 && head[1] === 0 && head[2] === 8 && (head[3] ?? 0) > 0 && (head[3] ?? 0) < 9) return ' (idx)';
  return '';
}

/** Up to `count` bytes from the start of a file; none where it cannot be read. */
export function firstBytes(path: string, count: number): Uint8Array {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const bytes = new Uint8Array(count);
    return bytes.subarray(0, readSync(file, bytes, 0, count, 0));
  } catch {
    return new Uint8Array(0);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A whole file. Throws a data CremaError that says what is there instead. */
export function readFileOf(path: string, expected: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' || code === 'EISDIR' ? '' : ` (${(cause as Error).message})`;
    throw dataError(
      { message: `cannot read ${expected}: ${describePath(path)}${why}`, expected, code: 'no-data' },
      cause,
    );
  }
}
