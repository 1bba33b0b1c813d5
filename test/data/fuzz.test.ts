import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { CremaError, RandomStream } from '../../orchestrator/core/index.ts';
import { DatumTable } from '../../orchestrator/data/datum.ts';
import { parseIdx } from '../../orchestrator/data/idx.ts';
import { imageSize } from '../../orchestrator/data/image-size.ts';
import { encodeDatum, Hdf5, LmdbWriter, openSource } from '../../orchestrator/data/index.ts';
import { withAddresses } from '../../orchestrator/native/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A few bytes changed, or the end cut off. */
function mutate(bytes: Uint8Array, random: RandomStream): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (let n = 1 + random.integer(4); n > 0; n--) out[random.integer(out.length)] = random.integer(256);
  return random.integer(4) === 0 ? out.subarray(0, random.integer(out.length + 1)) : out;
}

/** Runs `body` on mutations; it may only succeed or throw an error of ours. */
function fuzz(seed: Uint8Array, rounds: number, body: (bytes: Uint8Array) => void): void {
  const random = new RandomStream(2, 'fuzz');
  for (let i = 0; i < rounds; i++) {
    const bytes = mutate(seed, random);
    try {
      body(bytes);
    } catch (error) {
      if (!(error instanceof CremaError)) throw new Error(`${Buffer.from(bytes).toString('hex')}: ${error}`);
      expect(error.kind).toBe('data');
    }
  }
}

test('Datum', () => {
  const datum = encodeDatum([2, 3, 4], new Uint8Array(24).fill(7), 5);
  const floats = Uint8Array.of(8, 1, 16, 1, 24, 2, 0x35, 0, 0, 0x80, 0x3f, 0x32, 4, 0, 0, 0, 0x40, 40, 3);
  for (const seed of [datum, floats]) {
    const table = new DatumTable();
    fuzz(seed, 3000, (bytes) => {
      if (bytes.length === 0) return;
      const copy = new Uint8Array(bytes); // exactly as long as the message, so that a read past it is seen by a sanitizer
      const sizes = BigInt64Array.of(BigInt(copy.length));
      withAddresses([copy], ([at]) => table.read('fuzz', 0, BigInt64Array.of(at!), sizes, 1));
    });
  }
});

test('idx and picture headers', () => {
  const idx = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 1, 1, 2, 3, 4);
  fuzz(idx, 3000, (bytes) => void parseIdx(bytes, 'fuzz'));
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 0, 9, 0, 8, 3, 0, 0, 0, 0, 0);
  expect(imageSize(jpeg)).toEqual({ channels: 3, height: 9, width: 8 });
  fuzz(jpeg, 3000, (bytes) => void imageSize(bytes));
});

test('an LMDB cut short or with a foreign header is refused, not mapped', () => {
  const path = join(folder, 'lmdb');
  const writer = new LmdbWriter(path);
  for (let i = 0; i < 200; i++) writer.put(encodeDatum([1, 20, 20], new Uint8Array(400).fill(i), i % 10));
  expect(writer.finish()).toBe(200);
  expect(openSource(path, 'LMDB').count).toBe(200);
  const file = join(path, 'data.mdb');
  const whole = readFileSync(file);
  for (const size of [0, 100, 4096, 8192, whole.length - 4096]) {
    writeFileSync(file, whole);
    truncateSync(file, size);
    expect(() => openSource(path, 'LMDB')).toThrow(/data.mdb/);
  }
  writeFileSync(file, Buffer.concat([Buffer.alloc(4096, 1), whole.subarray(4096)]));
  expect(() => openSource(path, 'LMDB')).toThrow(/magic/);
});

test('HDF5 headers', () => {
  const path = join(folder, 'seed.h5');
  const hdf5 = new Hdf5();
  hdf5.write(path, [{ name: 'data', shape: [4, 3], data: Float32Array.from({ length: 12 }, (_, i) => i) }]);
  expect([...hdf5.read(path, ['data'])[0]!.data]).toEqual(Array.from({ length: 12 }, (_, i) => i));
  expect(() => hdf5.read(path, ['other'])).toThrow(/no dataset "other"/);
  const seed = readFileSync(path);
  fuzz(seed, 60, (bytes) => {
    writeFileSync(path, bytes);
    hdf5.read(path, ['data']);
  });
  hdf5.close();
});
