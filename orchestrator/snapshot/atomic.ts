import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder, writing } from '../core/index.ts';

/** The calls of the file system that a snapshot makes; tests put failing ones in their place. */
export interface FileCalls {
  open(path: string, flags: string): number;
  write(file: number, bytes: Uint8Array): number;
  sync(file: number): void;
  close(file: number): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
}

export const fileCalls: FileCalls = {
  open: (path, flags) => openSync(path, flags, 0o644),
  write: (file, bytes) => writeSync(file, bytes),
  sync: fsyncSync,
  close: closeSync,
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
};

/** writeSync takes at most 2 GiB at a time. */
const LARGEST_WRITE = 2 ** 30;

function syncFolder(folder: string, calls: FileCalls): void {
  const handle = calls.open(folder, 'r');
  try {
    calls.sync(handle);
  } finally {
    calls.close(handle);
  }
}

/**
 * Writes a whole file or leaves what was there: a temporary file in the same folder, synced, renamed over the target, then
 * the folder synced. A crash at any point leaves the old content or the new. Throws a data CremaError.
 */
export function writeAtomically(path: string, bytes: Uint8Array, calls: FileCalls = fileCalls): void {
  const temporary = `${path}.tmp`;
  writing(path, () => {
    makeFolder(dirname(path), path);
    try {
      write(path, temporary, bytes, calls);
    } catch (error) {
      try {
        calls.remove(temporary);
      } catch {
        // The first failure is the one to report; a temporary file that stays is overwritten by the next snapshot.
      }
      throw error;
    }
  });
}

function write(path: string, temporary: string, bytes: Uint8Array, calls: FileCalls): void {
  const file = calls.open(temporary, 'w');
  try {
    for (let done = 0; done < bytes.byteLength; ) {
      const written = calls.write(file, bytes.subarray(done, Math.min(bytes.byteLength, done + LARGEST_WRITE)));
      if (written <= 0) throw new Error('the file system took no bytes');
      done += written;
    }
    calls.sync(file);
  } finally {
    calls.close(file);
  }
  calls.rename(temporary, path);
  syncFolder(dirname(path), calls);
}

/** Tries, before hours of training, whether files with this prefix can be written. Throws a data CremaError. */
export function checkWritable(prefix: string): void {
  const probe = `${prefix}.probe`;
  writeAtomically(probe, new Uint8Array());
  fileCalls.remove(probe);
}
