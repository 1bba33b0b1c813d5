import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import {
  convertToLmdb,
  inspectSource,
  meanOf,
  openSource,
  openStream,
  readMean,
  type StreamSpec,
  writeMean,
} from '../../orchestrator/data/index.ts';
import { caught } from '../caught.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-data-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const plain: StreamSpec = {
  source: 'synthetic-images:train?count=37&shape=3x12x10&seed=4',
  backend: 'LMDB',
  batch: 8,
  transform: { scale: 0.5, mirror: true, cropSize: 7, randomCrop: true, meanValues: [10, 20, 30], color: 'as-is' },
  seed: 5,
  stream: 77,
  skip: 3,
  prefetch: 3,
};

function batches(spec: StreamSpec, ahead: boolean, count: number, from = 0) {
  const stream = openStream(spec, ahead);
  stream.ordinal = from;
  const size = spec.batch * stream.shape.reduce((a, b) => a * b, 1);
  const got = Array.from({ length: count }, () => {
    const data = new Float32Array(size);
    const labels = new Float32Array(spec.batch);
    stream.next(data, labels);
    return { data, labels };
  });
  stream.close();
  return got;
}

function idx(dims: number[], data: Uint8Array): Buffer {
  const head = Buffer.alloc(4 + 4 * dims.length);
  head.set([0, 0, 8, dims.length]);
  for (const [i, dim] of dims.entries()) head.writeUInt32BE(dim, 4 + 4 * i);
  return Buffer.concat([head, data]);
}

describe('streams', () => {
  test('the loader thread gives what the direct way gives, and both resume exactly', () => {
    const direct = batches(plain, false, 12);
    expect(batches(plain, true, 12)).toEqual(direct);
    expect(batches(plain, false, 5, 7 * plain.batch)).toEqual(direct.slice(7));
    expect(batches(plain, true, 2, 7 * plain.batch)).toEqual(direct.slice(7, 9));
    expect(direct[0]!.data).not.toEqual(direct[1]!.data);
  });

  test('crops are drawn in TRAIN, centred in TEST, and wrap inside a batch', () => {
    const central = {
      ...plain,
      skip: 0,
      transform: { ...plain.transform, mirror: false, randomCrop: false, scale: 1, meanValues: [] },
    };
    const whole = { ...central, transform: { ...central.transform, cropSize: 0 } };
    const [crop, full] = [batches(central, false, 5), batches(whole, false, 5)];
    const at = (n: number, c: number, y: number, x: number) => full[4]!.data[((n * 3 + c) * 12 + y) * 10 + x];
    expect(crop[4]!.data[((6 * 3 + 2) * 7 + 3) * 7 + 4]).toBe(at(6, 2, 3 + 2, 4 + 1));
    // 37 records: number 5 of the fifth batch is record 0 again
    expect(full[4]!.data.subarray(5 * 360, 6 * 360)).toEqual(full[0]!.data.subarray(0, 360));
  });

  test('a failure in the loader thread arrives as itself, after the good batches', () => {
    const list = join(folder, 'list.txt');
    writeFileSync(list, 'missing.png 1\n');
    const images = { root: folder, shuffle: false, height: 8, width: 8, color: true };
    const spec = {
      ...plain,
      source: list,
      backend: 'IMAGES',
      images,
      transform: { ...plain.transform, cropSize: 0, randomCrop: false },
    } as const;
    const error = caught(() => batches(spec, true, 1));
    expect(error.kind).toBe('data');
    expect(error.message).toContain('missing.png');
  });
});

describe('files', () => {
  const pixels = Uint8Array.from({ length: 5 * 6 }, (_, i) => i * 7);
  const images = join(folder, 'toy-images-idx3-ubyte.gz');
  writeFileSync(images, gzipSync(idx([5, 3, 2], pixels)));
  writeFileSync(join(folder, 'toy-labels-idx1-ubyte'), idx([5], Uint8Array.of(3, 1, 4, 1, 5)));

  test('idx, with its labels found beside it or named', () => {
    for (const text of [images, `idx:${images}`, `idx:${images},${join(folder, 'toy-labels-idx1-ubyte')}`]) {
      const source = openSource(text, 'LEVELDB');
      expect([source.count, ...source.shape]).toEqual([5, 1, 3, 2]);
      expect([...source.read(3, 4).labels]).toEqual([1, 5, 3, 1]);
    }
  });

  test('CIFAR-10 binary', () => {
    const cifar = join(folder, 'cifar');
    mkdirSync(cifar);
    const bytes = Uint8Array.from({ length: 2 * 3073 }, (_, i) =>
      i % 3073 === 0 ? 9 - Math.floor(i / 3073) : i % 251,
    );
    writeFileSync(join(cifar, 'data_batch_1.bin'), bytes);
    writeFileSync(join(cifar, 'test_batch.bin'), bytes.subarray(0, 3073));
    const train = openSource(`cifar10-bin:${cifar}`, 'LMDB');
    expect([train.count, [...train.read(0, 2).labels]]).toEqual([2, [9, 8]]);
    expect(openSource(`cifar10-bin:${cifar}?part=test`, 'LMDB').count).toBe(1);
    writeFileSync(join(cifar, 'test_batch.bin'), bytes.subarray(0, 3000));
    expect(caught(() => openSource(`cifar10-bin:${cifar}?part=test`, 'LMDB')).message).toContain('multiple of 3073');
  });

  test('an LMDB we write reads back the same, and its mean image too', () => {
    const drawn = openSource('synthetic-images:test?count=1500&shape=3x9x8', 'LMDB');
    const path = join(folder, 'written_lmdb');
    expect(convertToLmdb(drawn, path).records).toBe(1500);
    const source = openSource(path, 'LMDB');
    expect([source.count, ...source.shape]).toEqual([1500, 3, 9, 8]);
    const mean = meanOf(source);
    expect(mean).toEqual(meanOf(drawn));
    writeMean(mean, join(folder, 'mean.binaryproto'));
    expect(readMean(join(folder, 'mean.binaryproto'))).toEqual(mean);
    const summary = inspectSource(source);
    expect(summary.kind).toBe('LMDB');
    expect([...summary.labels.values()].reduce((a, b) => a + b)).toBe(1500);
    source.close();
    const spec = { ...plain, skip: 1490 };
    expect(batches({ ...spec, source: path }, false, 3)).toEqual(batches({ ...spec, source: drawn.name }, false, 3));
    expect(caught(() => convertToLmdb(drawn, path)).message).toContain('taken');
  });

  test('what is not there is told in words, with what is there instead', () => {
    const none = caught(() => openSource(join(folder, 'nowhere'), 'LMDB'));
    expect([none.kind, none.exitCode]).toEqual(['data', 4]);
    expect(none.message).toContain('nowhere');
    const other = caught(() => openSource(join(folder, 'written_lmdb'), 'LEVELDB'));
    expect(other.message).toContain('backend: LMDB');
    expect(caught(() => openSource(join(folder, 'written_lmdb/data.mdb'), 'LMDB')).message).toContain(
      'folder that holds',
    );
    expect(caught(() => openSource('synthetic-digit:train', 'LMDB')).message).toContain('synthetic-digits');
    expect(caught(() => openSource('synthetic-digits:train?cuont=3', 'LMDB')).message).toContain('count');
    expect(caught(() => openSource('synthetic-digits:train?count=-3', 'LMDB')).message).toContain('count');
    expect(caught(() => batches({ ...plain, transform: { ...plain.transform, cropSize: 11 } }, false, 1)).kind).toBe(
      'input',
    );
  });
});
