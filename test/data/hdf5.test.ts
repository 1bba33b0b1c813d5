import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Blob } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { Hdf5Rows, withHdf5 } from '../../orchestrator/data/index.ts';
import { hdf5OutputLayer } from '../../orchestrator/layers/hdf5-output.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-hdf5-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('HDF5Output makes a file and adds rows to it', () => {
  const path = join(folder, 'out.h5');
  const text = `layer { name: "o" type: "HDF5Output" bottom: "a" bottom: "b" hdf5_output_param { file_name: "${path}" } }`;
  const context = { phase: 'TEST', random: new RandomStream(1, 'o'), resolve: (p: string) => p } as const;
  const layer = hdf5OutputLayer.create(parseNet(text, 'test').layer[0]!, context);
  const bottoms = [new Blob('a', [2, 3]), new Blob('b', [2])];
  expect(layer.reshape(bottoms.map((b) => b.shape))).toEqual([]);
  for (let pass = 0; pass < 3; pass++) {
    bottoms[0]!.data.forEach((_, i, all) => {
      all[i] = pass * 6 + i;
    });
    bottoms[1]!.data.fill(pass);
    layer.forward(bottoms, [], []);
  }
  layer.close?.();
  const [data, label] = withHdf5((hdf5) => hdf5.read(path, ['data', 'label']));
  expect([data!.shape, [...data!.data]]).toEqual([[6, 3], Array.from({ length: 18 }, (_, i) => i)]);
  expect([...label!.data]).toEqual([0, 0, 1, 1, 2, 2]);
});

test('shuffled rows: every row once in each pass over the files, and the state resumes', () => {
  withHdf5((hdf5) => {
    for (const [file, rows] of [5, 3].entries()) {
      const data = Float32Array.from({ length: rows }, (_, i) => file * 10 + i);
      hdf5.write(join(folder, `${file}.h5`), [{ name: 'x', shape: [rows, 1], data }]);
    }
  });
  writeFileSync(join(folder, 'list.txt'), '0.h5\n1.h5\n');
  const spec = { list: join(folder, 'list.txt'), names: ['x'], batch: 4, shuffle: true, seed: 1, stream: 2 };
  const rows = new Hdf5Rows({ ...spec, resolve: (path) => join(folder, path.replace(folder, '')) });
  expect(rows.shapes()).toEqual([[4, 1]]);
  const seen: number[] = [];
  const out = new Float32Array(4);
  let state = rows.state;
  for (let i = 0; i < 8; i++) {
    if (i === 5) state = rows.state;
    rows.next([out]);
    seen.push(...out);
  }
  for (let pass = 0; pass < 4; pass++) {
    expect(seen.slice(8 * pass, 8 * pass + 8).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 10, 11, 12]);
  }
  rows.state = state;
  rows.next([out]);
  expect([...out]).toEqual(seen.slice(20, 24));
  rows.close();
});
