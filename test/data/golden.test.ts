import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Blob } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { dataLayer } from '../../orchestrator/layers/data.ts';
import { hdf5DataLayer } from '../../orchestrator/layers/hdf5-data.ts';
import type { Layer, LayerContext, LayerType } from '../../orchestrator/layers/layer.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { floats, type GoldenTensor, golden, hasGolden } from './golden.ts';

export function context(folder: string, phase: 'TRAIN' | 'TEST', seed = 1): LayerContext {
  return { phase, random: new RandomStream(seed, 'layer'), resolve: (path) => join(folder, path) };
}

function open(type: LayerType, text: string, folder: string, phase: 'TRAIN' | 'TEST' = 'TEST') {
  const layer = type.create(parseNet(text, 'golden').layer[0]!, context(folder, phase));
  const tops = layer.reshape([]).map((shape, i) => new Blob(`top${i}`, shape));
  return { layer, tops };
}

/** Largest difference over all recorded steps. */
function compare(
  layer: Layer,
  tops: Blob[],
  tensors: GoldenTensor[],
  steps: number,
  values: (t: GoldenTensor) => Float32Array,
) {
  for (let step = 0; step < steps; step++) {
    layer.forward([], tops, []);
    const recorded = tensors.filter((t) => t.role === 'top' && (t.step ?? 0) === step);
    expect(recorded.length).toBe(tops.length);
    recorded.forEach((tensor, i) => {
      const top = tops[tensor.index ?? i]!;
      expect([...top.shape]).toEqual(tensor.shape);
      const expected = values(tensor);
      const worst = expected.reduce((most, v, k) => Math.max(most, Math.abs(v - top.data[k]!)), 0);
      const scale = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      expect(worst, `step ${step}, top ${i}`).toBeLessThanOrEqual(1e-6 * scale);
    });
  }
}

interface Case {
  name: string;
  type?: string;
  prototxt: string;
  steps: number;
  tensors: GoldenTensor[];
  file?: string;
}

describe.skipIf(!hasGolden)('batches as Caffe makes them', () => {
  const interop = join(golden, 'interop');
  const cases: Case[] = hasGolden ? JSON.parse(readFileSync(join(interop, 'data_layer.json'), 'utf8')).cases : [];

  test.each(cases.map((c) => [c.name, c] as const))('Data layer, LMDB: %s', (_, c) => {
    const { layer, tops } = open(dataLayer, c.prototxt, interop);
    compare(layer, tops, c.tensors, c.steps, floats(join(interop, 'data_layer.bin')));
    layer.close?.();
  });

  test('Data layer, LevelDB', () => {
    const plain = cases.find((c) => c.name === 'plain')!;
    const text = plain.prototxt.replace('uint8_lmdb', 'uint8_leveldb').replace('LMDB }', 'LEVELDB }');
    const scratch = mkdtempSync(join(tmpdir(), 'crema-scratch-'));
    vi.stubEnv('TMPDIR', scratch);
    const { layer, tops } = open(dataLayer, text, interop);
    compare(layer, tops, plain.tensors, plain.steps, floats(join(interop, 'data_layer.bin')));
    layer.close?.();
    vi.unstubAllEnvs();
    // LevelDB reads a copy there; tsx keeps what it compiled.
    expect(readdirSync(scratch).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
    rmSync(scratch, { recursive: true });
  });

  const layers = join(golden, 'layers');
  const index: Case[] = hasGolden ? JSON.parse(readFileSync(join(layers, 'index.json'), 'utf8')).cases : [];
  const hdf5 = index.filter((c) => c.type === 'HDF5Data');
  test.each(hdf5.map((c) => [c.name, c] as const))('HDF5Data: %s', (_, c) => {
    const { layer, tops } = open(hdf5DataLayer, c.prototxt, layers, 'TRAIN');
    compare(layer, tops, c.tensors, c.steps, floats(join(layers, c.file!)));
    layer.close?.();
  });

  test('the lenet run has the same batches in LMDB and HDF5', () => {
    const folder = join(golden, 'lenet-run');
    for (const [db, list, batch] of [
      ['train_lmdb', 'train_h5_list.txt', 64],
      ['test_lmdb', 'test_h5_list.txt', 100],
    ] as const) {
      const a = open(
        dataLayer,
        `layer { name: "d" type: "Data" top: "raw" top: "label" data_param { source: "${db}" batch_size: ${batch} backend: LMDB } }`,
        folder,
      );
      const b = open(
        hdf5DataLayer,
        `layer { name: "d" type: "HDF5Data" top: "raw" top: "label" hdf5_data_param { source: "${list}" batch_size: ${batch} } }`,
        folder,
      );
      for (let step = 0; step < 40; step++) {
        a.layer.forward([], a.tops, []);
        b.layer.forward([], b.tops, []);
        a.tops.forEach((top, i) => {
          expect(
            Buffer.compare(Buffer.from(top.data.buffer), Buffer.from(b.tops[i]!.data.buffer)) === 0 ||
              top.data.every((v, k) => v === b.tops[i]!.data[k]),
          ).toBe(true);
        });
      }
      a.layer.close?.();
      b.layer.close?.();
    }
  });
});
