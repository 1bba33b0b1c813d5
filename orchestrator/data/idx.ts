import { existsSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dataError } from '../core/index.ts';
import { describePath, readFileOf } from './files.ts';
import { MemorySource } from './memory.ts';

const UNSIGNED_BYTE = 8;

/** An idx file of unsigned bytes (the format of MNIST), gzip-compressed or not. */
export interface Idx {
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

/** First bytes of an idx file of unsigned bytes, or of a gzip file. */
export function looksLikeIdx(head: Uint8Array): boolean {
  const gzip = head[0] === 0x1f && head[1] === 0x8b;
  return gzip || (head[0] === 0 && head[1] === 0 && head[2] === UNSIGNED_BYTE && (head[3] ?? 0) > 0);
}

/** Reads an idx file held in memory; `name` is for messages. The data is a view of `bytes`. */
export function parseIdx(bytes: Uint8Array, name: string): Idx {
  const bad = (message: string, expected: string) =>
    dataError({ message: `${name}: ${message}`, expected, code: 'bad-idx' });
  let raw = bytes;
  if (raw[0] === 0x1f && raw[1] === 0x8b) {
    try {
      raw = gunzipSync(raw, { maxOutputLength: 2 ** 32 });
    } catch (cause) {
      throw bad(`the gzip data is damaged (${(cause as Error).message})`, 'a whole gzip file');
    }
  }
  if (raw.length < 4 || raw[0] !== 0 || raw[1] !== 0)
    throw bad('no idx header', '00 00 08 and the number of dimensions');
  if (raw[2] !== UNSIGNED_BYTE) throw bad(`element type 0x${raw[2]!.toString(16)}`, '0x08, unsigned bytes');
  const rank = raw[3]!;
  const header = 4 + 4 * rank;
  if (rank === 0 || rank > 8 || raw.length < header)
    throw bad(`${rank} dimensions in ${raw.length} bytes`, '1 to 8 dimensions');
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const dims = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const size = dims.reduce((a, b) => a * b, 1);
  if (raw.length - header !== size) {
    throw bad(`${raw.length - header} bytes of data for [${dims.join(' ')}]`, `${size}`);
  }
  return { dims, data: raw.subarray(header) };
}

/** Where the labels of an images file lie by MNIST's habit. */
function labelsFor(images: string): string {
  const guess = images.replace(/images/g, 'labels').replace(/idx3/g, 'idx1');
  const other = guess.endsWith('.gz') ? guess.slice(0, -3) : `${guess}.gz`;
  if (guess !== images && existsSync(guess)) return guess;
  if (guess !== images && existsSync(other)) return other;
  throw dataError({
    message: `the labels of ${images} are not there: ${describePath(guess)}`,
    hint: 'name both: idx:<images>,<labels>',
    code: 'no-labels',
  });
}

/** Opens `images[,labels]`, paths already resolved. */
export function openIdx(imagesPath: string, labelsPath = labelsFor(imagesPath)): MemorySource {
  const images = parseIdx(readFileOf(imagesPath, 'an idx file of images'), imagesPath);
  const labels = parseIdx(readFileOf(labelsPath, 'an idx file of labels'), labelsPath);
  const [count = 0, ...rest] = images.dims;
  const shape = rest.length === 2 ? [1, rest[0]!, rest[1]!] : rest;
  if (shape.length !== 3 || count === 0 || images.data.length === 0) {
    throw dataError({
      message: `${imagesPath} has the dimensions [${images.dims.join(' ')}]`,
      expected: 'images, height, width',
      code: 'bad-idx',
    });
  }
  if (labels.dims.length !== 1 || labels.dims[0] !== count) {
    throw dataError({
      message: `${labelsPath} has the dimensions [${labels.dims.join(' ')}] for ${count} images`,
      expected: `[${count}]`,
      code: 'bad-idx',
    });
  }
  return new MemorySource(
    imagesPath,
    'idx',
    shape as [number, number, number],
    images.data,
    Float32Array.from(labels.data),
  );
}
