import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Blob } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { cutWindow, encodeDatum, LmdbWriter } from '../../orchestrator/data/index.ts';
import { type LayerType, layerTypes } from '../../orchestrator/layers/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-pictures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const colors = [
  [200, 100, 50],
  [10, 20, 30],
  [0, 255, 128],
] as const;
const pictures: Buffer[] = [];

beforeAll(async () => {
  for (const [i, [r, g, b]] of colors.entries()) {
    const image = sharp({ create: { width: 12, height: 8, channels: 3, background: { r, g, b } } });
    const bytes = await image.png().toBuffer();
    pictures.push(bytes);
    writeFileSync(join(folder, `p ${i}.png`), bytes);
  }
  writeFileSync(join(folder, 'list.txt'), colors.map((_, i) => `p ${i}.png ${i + 4}\n`).join(''));
  const writer = new LmdbWriter(join(folder, 'encoded_lmdb'));
  for (const [i, bytes] of pictures.entries()) writer.put(encodeDatum([3, 8, 12], bytes, i, true));
  writer.finish();
});

/** First element of each channel of each record, and the labels, over some batches. */
function run(text: string, steps: number, phase: 'TRAIN' | 'TEST' = 'TEST') {
  const param = parseNet(text, 'test').layer[0]!;
  const type = layerTypes.get(param.type) as LayerType;
  const layer = type.create(param, { phase, random: new RandomStream(1, 'x'), resolve: (path) => join(folder, path) });
  const tops = layer.reshape([]).map((shape, i) => new Blob(`t${i}`, shape));
  const [n = 1, c = 1, h = 1, w = 1] = tops[0]!.shape;
  const seen: number[][] = [];
  for (let s = 0; s < steps; s++) {
    layer.forward([], tops, []);
    for (let i = 0; i < n; i++)
      seen.push([tops[1]!.data[i]!, ...Array.from({ length: c }, (_, k) => tops[0]!.data[(i * c + k) * h * w]!)]);
  }
  layer.close?.();
  return { shape: [...tops[0]!.shape], seen };
}

test('compressed Datum: blue, green, red', () => {
  const layer = (more: string) =>
    `layer { name: "d" type: "Data" top: "a" top: "b" ${more} data_param { source: "encoded_lmdb" batch_size: 2 backend: LMDB } }`;
  const { shape, seen } = run(layer(''), 2);
  expect(shape).toEqual([2, 3, 8, 12]);
  expect(seen).toEqual([
    [0, 50, 100, 200],
    [1, 30, 20, 10],
    [2, 128, 255, 0],
    [0, 50, 100, 200],
  ]);
  const gray = run(layer('transform_param { force_gray: true crop_size: 4 }'), 1);
  expect(gray.shape).toEqual([2, 1, 4, 4]);
  expect(Math.abs(gray.seen[0]![1]! - (0.299 * 200 + 0.587 * 100 + 0.114 * 50))).toBeLessThan(6);
});

test('ImageData: a list with blanks in its paths, resized; shuffled anew in each pass', () => {
  const layer = (more: string) =>
    `layer { name: "d" type: "ImageData" top: "a" top: "b" image_data_param { source: "list.txt" root_folder: "" batch_size: 3 ${more} } }`;
  const plain = run(layer('').replace('root_folder: ""', 'root_folder: "."'), 1);
  expect(plain.shape).toEqual([3, 3, 8, 12]);
  expect(plain.seen).toEqual([
    [4, 50, 100, 200],
    [5, 30, 20, 10],
    [6, 128, 255, 0],
  ]);
  const resized = run(
    layer('new_height: 5 new_width: 7 shuffle: true').replace('root_folder: ""', 'root_folder: "."'),
    6,
  );
  expect(resized.shape).toEqual([3, 3, 5, 7]);
  const passes = Array.from({ length: 6 }, (_, i) => resized.seen.slice(3 * i, 3 * i + 3).map(([label]) => label));
  for (const pass of passes) expect([...pass].sort()).toEqual([4, 5, 6]);
  expect(new Set(passes.map(String)).size).toBeGreaterThan(1);
});

test('WindowData: background first, then objects, the mean subtracted', () => {
  writeFileSync(join(folder, 'q.png'), pictures[0]!);
  writeFileSync(join(folder, 'windows.txt'), `# 0\nq.png\n3\n8\n12\n2\n7 0.9 2 2 5 5\n3 0.1 0 0 11 7\n`);
  const text = `layer { name: "d" type: "WindowData" top: "a" top: "b" transform_param { crop_size: 6 mean_value: 10 scale: 0.5 }
    window_data_param { source: "windows.txt" root_folder: "." batch_size: 4 fg_fraction: 0.25 } }`;
  const { shape, seen } = run(text, 1);
  expect(shape).toEqual([4, 3, 6, 6]);
  expect(seen).toEqual([
    [0, 20, 45, 95],
    [0, 20, 45, 95],
    [0, 20, 45, 95],
    [7, 20, 45, 95],
  ]);
});

test('the context of a window at a border lands beside it', () => {
  const cut = cutWindow([0, 0, 9, 9], { height: 20, width: 40 }, 20, 5, false, false);
  expect(cut).toEqual({ part: [0, 0, 16, 16], size: [15, 15], left: 5, top: 5 });
  expect(cutWindow([0, 0, 9, 9], { height: 20, width: 40 }, 20, 5, false, true).left).toBe(0);
});
