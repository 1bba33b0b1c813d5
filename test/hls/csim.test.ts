import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../orchestrator/core/index.ts';

const hls = join(packageRoot(), 'hls');

/** Builds and runs csim of a config; its digest covers every bit of every result. */
async function csim(config: string, cases: number): Promise<{ passed: string; digest: string }> {
  const make = await execa('make', [
    '-s',
    '-C',
    hls,
    `-j${availableParallelism()}`,
    `csim-${config}`,
    `CONFIGS=${config}`,
    `CASES=${cases}`,
  ]);
  const match = /csim: (\d+ of \d+) cases passed, digest (\w+)/.exec(make.stdout)!;
  return { passed: match[1]!, digest: match[2]! };
}

describe('C simulation of the engine', () => {
  it('agrees with the definition in double precision, whatever the threads and compute units', async () => {
    for (const config of ['f32', 'f32-strict']) {
      expect((await csim(config, 80)).passed, config).toBe('80 of 80');
    }
  }, 300_000);

  it('gives the same bits from another micro-tile', async () => {
    expect((await csim('f32-tile', 40)).digest).toBe((await csim('f32-strict', 40)).digest);
  }, 300_000);

  it('of fixed point agrees with the definition in 64-bit integers', async () => {
    expect((await csim('mixed', 150)).passed).toBe('150 of 150');
  }, 300_000);
});
