import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compareRun, type Followed, followRun, readRun, type Source } from '../../bench/golden/lenet-run.ts';
import { SIM, simBuilt } from './children.ts';

const FOLDER = '../shared/golden/lenet-run';
const there = existsSync(`${FOLDER}/run.json`);
if (!there) console.log(`notice: ${FOLDER} is not there, the recorded LeNet run is not followed`);

describe.skipIf(!there)("BVLC Caffe's recorded LeNet run", () => {
  for (const device of ['host', 'sim']) {
    it.skipIf(device === 'sim' && !simBuilt)(
      `is followed on ${device} for 50 iterations from LMDB, and from HDF5 to the same bits`,
      async () => {
        const follow = (source: Source, iterations: number): Promise<Followed> =>
          followRun({ folder: FOLDER, source, session: { ...SIM, device }, iterations, test: iterations === 50 });
        const run = readRun(FOLDER);
        const lmdb = await follow('lmdb', 50);
        const { first, rate } = compareRun(lmdb, run);
        expect(first).toBeLessThanOrEqual(1e-5);
        expect(rate).toBeLessThanOrEqual(1e-6);
        expect(Math.abs(lmdb.accuracy! - run.test['50']!.accuracy)).toBeLessThanOrEqual(0.01);
        if (device === 'sim') expect(lmdb.launches).toBe(50 * 11 + 5 * 4);
        const hdf5 = await follow('hdf5', 10);
        expect(hdf5.losses).toEqual(lmdb.losses.slice(0, 10));
      },
      240_000,
    );
  }
});
