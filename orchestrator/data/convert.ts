import { renameSync, writeFileSync } from 'node:fs';
import { dataError, writing } from '../core/index.ts';
import { sumRecords } from '../math/index.ts';
import { native } from '../native/index.ts';
import { encodeDatum } from './datum.ts';
import { imageSize } from './image-size.ts';
import { LmdbWriter } from './lmdb-writer.ts';
import { encodeMean, type MeanImage } from './mean.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';
import { elementsOf } from './source.ts';

/** Records read together. */
const RUN = 256;

/** Runs of a source from its first record to its last, once. */
export function* runs(source: RecordSource, count = source.count): Generator<{ first: number; batch: RecordBatch }> {
  for (let first = 0; first < count; first += RUN) {
    yield { first, batch: source.read(first, Math.min(RUN, count - first)) };
  }
}

/** Bytes of record i of a batch; a copy. */
function bytesOf(batch: RecordBatch, i: number): Uint8Array {
  const size = batch.channels * batch.heights[i]! * batch.widths[i]! * (batch.element === 'float32' ? 4 : 1);
  const offset = batch.offsets[i]!;
  if (batch.base === null) return native().view(BigInt.asUintN(64, offset), size).slice();
  const base = batch.base as Uint8Array;
  return new Uint8Array(base.buffer, base.byteOffset + Number(offset), size).slice();
}

export interface Converted {
  readonly records: number;
  readonly shape: RecordShape;
  readonly path: string;
}

/**
 * Writes the records of a source as an LMDB of Datum messages that Caffe reads. Compressed records stay compressed. The folder must not
 * exist; it appears when all is written.
 */
export function convertToLmdb(source: RecordSource, path: string): Converted {
  const writer = new LmdbWriter(path);
  try {
    for (const { batch } of runs(source)) {
      for (let i = 0; i < batch.count; i++) writer.put(datumOf(batch, i, source));
    }
    return { records: writer.finish(), shape: source.shape, path };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** Record i of a batch as a Datum message. */
export function datumOf(batch: RecordBatch, i: number, source: RecordSource): Uint8Array {
  const label = batch.labels[i]!;
  if (batch.encoded) {
    const picture = batch.encoded[i]!;
    const size = imageSize(picture);
    return encodeDatum(size ? [size.channels, size.height, size.width] : source.shape, picture, label, true);
  }
  if (batch.element === 'float32') {
    throw dataError({
      message: `${source.name} holds floats`,
      expected: 'bytes',
      hint: 'it is an LMDB of Datum already',
      code: 'float-records',
    });
  }
  return encodeDatum([batch.channels, batch.heights[i]!, batch.widths[i]!], bytesOf(batch, i), label);
}

/** Sums records of one shape, element by element. */
export class RecordSum {
  private readonly name: string;
  private readonly shape: RecordShape;
  private readonly sums: Float64Array;
  private count = 0;

  constructor(name: string, shape: RecordShape) {
    this.name = name;
    this.shape = shape;
    this.sums = new Float64Array(elementsOf(shape));
  }

  /** Throws a data CremaError at the first record of another shape. */
  add(batch: RecordBatch): void {
    const [c, h, w] = this.shape;
    for (let i = 0; i < batch.count; i++) {
      if (batch.encoded || batch.channels !== c || batch.heights[i] !== h || batch.widths[i] !== w) {
        throw dataError({
          message: `${this.name}, record ${this.count + i}: ${batch.encoded ? 'compressed' : 'another size than the first'}`,
          expected: `${c}×${h}×${w}, not compressed`,
          code: 'record-shape',
        });
      }
    }
    const element = batch.element === 'float32' ? 1 : 0;
    sumRecords(batch.base, batch.offsets, element, batch.count, this.sums.length, this.sums);
    this.count += batch.count;
  }

  mean(): MeanImage {
    return { shape: this.shape, data: Float32Array.from(this.sums, (sum) => sum / this.count) };
  }
}

/** The mean over all records, element by element. All must have one size. */
export function meanOf(source: RecordSource): MeanImage {
  const sum = new RecordSum(source.name, source.shape);
  for (const { batch } of runs(source)) sum.add(batch);
  return sum.mean();
}

/** Writes a mean image that Caffe's mean_file reads, whole or not at all. */
export function writeMean(mean: MeanImage, path: string): void {
  const making = `${path}.making-${process.pid}`;
  writing(path, () => {
    writeFileSync(making, encodeMean(mean), { flush: true } as object);
    renameSync(making, path);
  });
}

/** What `data inspect` tells of a source. */
export interface SourceSummary {
  readonly name: string;
  readonly kind: string;
  readonly records: number;
  readonly shape: RecordShape;
  readonly element: 'uint8' | 'float32' | 'picture';
  /** Records of each label, by label. */
  readonly labels: ReadonlyMap<number, number>;
  /** Mean of each channel over all records; absent for pictures and where sizes differ. */
  readonly channelMeans?: readonly number[];
}

/** Reads through a source once. */
export function inspectSource(source: RecordSource): SourceSummary {
  const labels = new Map<number, number>();
  let element: SourceSummary['element'] = source.encoded ? 'picture' : 'uint8';
  for (const { batch } of runs(source)) {
    if (!batch.encoded) element = batch.element;
    for (const label of batch.labels) labels.set(label, (labels.get(label) ?? 0) + 1);
  }
  const sorted = new Map([...labels].sort(([a], [b]) => a - b));
  const { name, kind, count: records, shape } = source;
  const summary = { name, kind, records, shape, element, labels: sorted };
  if (source.encoded) return summary;
  try {
    const { data } = meanOf(source);
    const plane = shape[1] * shape[2];
    const means = Array.from(
      { length: shape[0] },
      (_, c) => data.subarray(c * plane, (c + 1) * plane).reduce((a, b) => a + b, 0) / plane,
    );
    return { ...summary, channelMeans: means };
  } catch {
    return summary; // records of several sizes have no mean image
  }
}
