import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { buildPath } from '../../orchestrator/core/index.ts';
import { loadBoard, loadManifest, packXclbin } from '../../orchestrator/kernels/index.ts';
import { program } from '../programs.ts';

const engine = (name: string) => buildPath('hls', name, 'engine.so');
const needed = [engine('i8'), engine('i16'), engine('mixed'), buildPath('sim', 'libcrema_sim.so')];
const built = needed.every((file) => existsSync(file));
const CASES = 24;
if (!built) console.log('skipped: the emulated card or its fixed-point engines are not built (npm run build)');

/** Board, config, bits of a word, compute units. */
const CARDS = [
  ['u250', 'i8', 8, 1],
  ['u250', 'i8-x2', 8, 2],
  ['u250', 'i8-x4', 8, 4],
  ['u250', 'i16', 16, 1],
  ['pynq-z2', 'i16', 16, 1],
  ['u250', 'mixed', 8, 1],
] as const;

describe.skipIf(!built)('fixed-point ops through OpenCL on the emulated card', () => {
  it('equal the reference on every board and number of compute units', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crema-fixed-'));
    try {
      const bitstreams = CARDS.flatMap(([board, config, bits]) => {
        const manifest = loadManifest(board, config);
        const file = join(folder, `${board}-${config}.xclbin`);
        writeFileSync(file, packXclbin(loadBoard(board), manifest, readFileSync(engine(manifest.engine))));
        return [file, String(bits)];
      });
      const child = program('test/hls/fixed-child.ts');
      const { stdout } = await execa(process.execPath, [...child, String(CASES), ...bitstreams], { timeout: 110_000 });
      const expected = CARDS.map(([, , , units]) => ({ units, done: CASES, wrong: [] }));
      expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
});
