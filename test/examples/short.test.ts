import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { simBuilt } from '../e2e/children.ts';

interface Example {
  readonly short?: { readonly bars: Readonly<Record<string, object>> };
}

const examples = join(packageRoot(), 'examples');
const names = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'example.json')));
const runs = mkdtempSync(join(tmpdir(), 'crema-examples-'));
afterAll(() => rmSync(runs, { recursive: true, force: true }));

describe.skipIf(!simBuilt)('the short form of each example', () => {
  it.each(names)(
    '%s holds its bars and ends with one line of figures',
    async (name) => {
      const { short } = JSON.parse(readFileSync(join(examples, name, 'example.json'), 'utf8')) as Example;
      expect(short, 'example.json has a short form').toBeDefined();
      const script = join(packageRoot(), 'scripts', 'example.mjs');
      const args = [script, name, '--short', '--json', '--run-dir', join(runs, name)];
      const { exitCode, stdout, stderr } = await execa(process.execPath, args, {
        reject: false,
        timeout: 110_000,
        env: { CREMA_SIM_QUIET: '1' },
      });
      expect(exitCode, stderr).toBe(0);
      const result = JSON.parse(stdout.trim().split('\n').at(-1)!);
      expect(result).toMatchObject({ example: name, passed: true });
      const bars = Object.keys(short!.bars);
      expect(bars.length).toBeGreaterThan(0);
      for (const bar of bars) expect(result[bar], bar).toBeTypeOf('number');
    },
    120_000,
  );
});
