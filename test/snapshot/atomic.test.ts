import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { CremaError } from '../../orchestrator/core/index.ts';
import { type FileCalls, fileCalls, writeAtomically } from '../../orchestrator/snapshot/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-atomic-'));
const target = join(folder, 'file');
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** File calls that note their order and fail at the n-th. */
function failing(n: number, shortWrites = false): { calls: FileCalls; log: string[] } {
  const log: string[] = [];
  const step =
    <A extends unknown[], R>(name: string, call: (...a: A) => R) =>
    (...a: A): R => {
      log.push(name);
      if (log.length === n) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      return call(...a);
    };
  return {
    log,
    calls: {
      open: step('open', fileCalls.open),
      write: step('write', (file: number, bytes: Uint8Array) =>
        fileCalls.write(file, shortWrites ? bytes.subarray(0, Math.ceil(bytes.length / 2)) : bytes),
      ),
      sync: step('sync', fileCalls.sync),
      close: step('close', fileCalls.close),
      rename: step('rename', fileCalls.rename),
      remove: fileCalls.remove,
    },
  };
}

describe('an atomic write', () => {
  it('syncs the file before the rename and the folder after it', () => {
    const { calls, log } = failing(-1);
    writeAtomically(target, Buffer.from('new'), calls);
    expect(log).toEqual(['open', 'write', 'sync', 'close', 'rename', 'open', 'sync', 'close']);
    expect(readFileSync(target, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  it('keeps the old content whichever call fails before the rename, and says so', () => {
    for (let n = 1; n <= 5; n++) {
      writeAtomically(target, Buffer.from('old'));
      const { calls } = failing(n);
      expect(() => writeAtomically(target, Buffer.from('new'), calls)).toThrow(CremaError);
      expect(readFileSync(target, 'utf8')).toBe('old');
      expect(existsSync(`${target}.tmp`)).toBe(false);
    }
  });

  it('goes on after short writes', () => {
    writeAtomically(target, Buffer.from('x'.repeat(1000)), failing(-1, true).calls);
    expect(readFileSync(target, 'utf8')).toBe('x'.repeat(1000));
  });

  it('makes the folder, and names the file it cannot write', () => {
    writeAtomically(join(folder, 'a/b/c'), Buffer.from('deep'));
    expect(readFileSync(join(folder, 'a/b/c'), 'utf8')).toBe('deep');
    writeFileSync(join(folder, 'plain'), '');
    expect(() => writeAtomically(join(folder, 'plain/x'), Buffer.from('no'))).toThrow(/cannot write '.*plain\/x'/);
  });
});
