import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { buildPath, packageRoot } from '../../orchestrator/core/index.ts';
import type { SessionSettings } from '../../orchestrator/executor/index.ts';
import { loadBoard, loadManifest, packXclbin } from '../../orchestrator/kernels/index.ts';
import { SIM, simBuilt, trainChild } from './children.ts';

const ITERATIONS = 4;
const digest = async (session: SessionSettings) => (await trainChild(session, ITERATIONS)).digest;

describe.skipIf(!simBuilt)('LeNet on the emulated card has the same bits', () => {
  it('with any number of compute units and threads, and in both memory modes', async () => {
    const first = await digest(SIM);
    const others: [string, Partial<SessionSettings>][] = [
      ['one thread', { threads: 1 }],
      ['shared memory', { memory: 'shared' }],
      ['two compute units', { config: 'f32-x2' }],
      ['two compute units, three threads, shared memory', { config: 'f32-x2', threads: 3, memory: 'shared' }],
    ];
    for (const [name, settings] of others) expect(await digest({ ...SIM, ...settings }), name).toBe(first);
  }, 240_000);

  it('from an engine built with another micro-tile', async () => {
    const engineFile = buildPath('hls', 'f32-tile', 'engine.so');
    const make = ['-s', '-C', join(packageRoot(), 'hls'), `-j${availableParallelism()}`, 'CONFIGS=f32-tile'];
    await execa('make', [...make, `BUILD=${buildPath('hls')}`, engineFile]);
    const folder = mkdtempSync(join(tmpdir(), 'crema-tile-'));
    try {
      const xclbin = join(folder, 'tile.xclbin');
      const engine = readFileSync(engineFile);
      writeFileSync(xclbin, packXclbin(loadBoard('u250'), loadManifest('u250', 'f32-strict'), engine));
      const strict = { ...SIM, config: 'f32-strict' };
      expect(await digest({ ...strict, xclbin })).toBe(await digest(strict));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 240_000);
});
