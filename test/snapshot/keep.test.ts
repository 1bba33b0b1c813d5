import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileCalls, removeOlderSnapshots } from '../../orchestrator/snapshot/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-keep-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const silent = (message: string) => expect.unreachable(message);

/** Empty files of snapshots with the prefix `net` in a folder of their own. */
function snapshots(name: string, iterations: readonly number[], endings: readonly string[]) {
  const place = join(folder, name);
  mkdirSync(place);
  for (const i of iterations) for (const ending of endings) writeFileSync(join(place, `net_iter_${i}.${ending}`), '');
  return { prefix: join(place, 'net'), place, left: () => readdirSync(place).sort() };
}

const WHOLE = ['caffemodel', 'crema.f32', 'crema.json', 'solverstate'];
const of = (iteration: number, endings = WHOLE) => endings.map((ending) => `net_iter_${iteration}.${ending}`);

describe('older snapshots', () => {
  it('go with all their files, by the number of the iteration', () => {
    const { prefix, left } = snapshots('plain', [8, 9, 10, 11], WHOLE);
    removeOlderSnapshots(prefix, 11, 2, silent);
    expect(left()).toEqual([...of(10), ...of(11)]);
    removeOlderSnapshots(prefix, 11, 1, silent);
    expect(left()).toEqual(of(11));
  });

  it('go in HDF5 form as well', () => {
    const endings = ['caffemodel.h5', 'crema.json', 'solverstate.h5'];
    const { prefix, left } = snapshots('hdf5', [2, 4], endings);
    removeOlderSnapshots(prefix, 4, 1, silent);
    expect(left()).toEqual(of(4, endings));
  });

  it('are not those of later iterations, of other prefixes, or without a side-car', () => {
    const { prefix, place, left } = snapshots('others', [2, 4, 6], WHOLE);
    const others = [
      'net_iter_1.solverstate',
      'net_iter_2.crema.json.tmp',
      'net2_iter_2.crema.json',
      'my_net_iter_2.crema.json',
    ];
    for (const other of others) writeFileSync(join(place, other), '');
    removeOlderSnapshots(prefix, 4, 1, silent);
    expect(left()).toEqual([...of(4), ...of(6), ...others].sort());
  });

  it('are removed by the next call where one was cut off', () => {
    const { prefix, left } = snapshots('cut', [2, 4], WHOLE);
    const notices: string[] = [];
    let removed = 0;
    const remove = (path: string) => {
      if (++removed === 3) throw new Error('EACCES');
      fileCalls.remove(path);
    };
    removeOlderSnapshots(prefix, 4, 1, (message) => notices.push(message), { ...fileCalls, remove });
    expect(notices).toEqual([expect.stringMatching(/cannot remove the snapshot '.*net_iter_2': EACCES/)]);
    expect(left()).toEqual([...of(2, ['crema.json', 'solverstate']), ...of(4)]);
    removeOlderSnapshots(prefix, 4, 1, silent);
    expect(left()).toEqual(of(4));
  });
});
