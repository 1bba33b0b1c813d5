import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judge, SLOW } from '../../bench/fuzz/child.ts';
import { makeTargets } from '../../bench/fuzz/targets.ts';
import { program } from '../programs.ts';

const root = join(import.meta.dirname, '..', '..');
const kept = join(root, 'test', 'golden', 'fuzz');
const scratch = mkdtempSync(join(tmpdir(), 'crema-fuzz-test-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('damaged inputs', () => {
  it('found earlier are refused or read, quickly', async () => {
    const { targets, close } = makeTargets(scratch);
    const byLength = [...targets].sort((a, b) => b.name.length - a.name.length);
    for (const name of readdirSync(kept)) {
      const target = byLength.find((t) => name.startsWith(`${t.name}-`));
      expect(target, name).toBeDefined();
      const input = readFileSync(join(kept, name));
      await judge(target!, input); // what is loaded at its first use is not counted
      const { reason, seconds } = await judge(target!, input);
      expect(reason, name).toBeUndefined();
      expect(seconds, name).toBeLessThan(SLOW);
    }
    close();
  }, 120_000);

  it('drawn for two seconds give no crash and no hang', () => {
    const out = execFileSync(
      process.execPath,
      [...program('bench/fuzz.ts'), '--seconds', '2', '--seed', '20', '--keep', join(scratch, 'kept'), '--json'],
      { cwd: root, encoding: 'utf8' },
    );
    const { inputs, crashes, hangs } = JSON.parse(out);
    expect(inputs).toBeGreaterThan(20);
    expect({ crashes, hangs }).toEqual({ crashes: 0, hangs: 0 });
  }, 240_000);
});
