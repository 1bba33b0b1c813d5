import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { internalError, makeFolder, writing } from '../../orchestrator/core/index.ts';
import { caught } from '../caught.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-writing-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('makeFolder', () => {
  it('makes what is missing, and takes what is there', () => {
    const deep = join(folder, 'a', 'b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    expect(existsSync(deep)).toBe(true);
  });

  it('refuses files, dangling links and places where no folder can be, and ends', () => {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync(join(folder, 'nowhere', 'x'), join(folder, 'link'));
    const places = ['file', 'file/x', 'link'].map((name) => join(folder, name));
    for (const place of [...places, '/proc/no-process/run'])
      expect(
        caught(() => makeFolder(place)),
        place,
      ).toMatchObject({ kind: 'data', problems: [{ code: 'write' }] });
  });
});

describe('writing', () => {
  it('names the file that cannot be written, and leaves our own errors alone', () => {
    const path = join(folder, 'no', 'file');
    const error = caught(() => writing(path, () => writeFileSync(path, 'x')));
    expect(error.message).toMatch(new RegExp(`cannot write '${path}': ENOENT.*\\n  hint: check space and permissions`));
    expect(
      caught(() =>
        writing(path, () => {
          throw internalError('ours');
        }),
      ).message,
    ).toBe('ours');
    expect(writing(path, () => 7)).toBe(7);
  });
});
