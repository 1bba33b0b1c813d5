import { dataError } from '../core/index.ts';
import { type Converted, datumOf, RecordSum, runs } from './convert.ts';
import { type DecodeOptions, decodeBatch } from './decode.ts';
import { LmdbWriter } from './lmdb-writer.ts';
import type { MeanImage } from './mean.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';

async function* decodedRuns(source: RecordSource, options: DecodeOptions): AsyncGenerator<RecordBatch> {
  for (const { batch } of runs(source)) yield await decodeBatch(batch, options, source.name);
}

const shapeOf = (batch: RecordBatch): RecordShape => [batch.channels, batch.heights[0]!, batch.widths[0]!];

/** Writes pictures, decoded and maybe resized, as an LMDB of uncompressed Datum messages. The folder must not exist. */
export async function convertPictures(source: RecordSource, path: string, options: DecodeOptions): Promise<Converted> {
  const writer = new LmdbWriter(path);
  let shape: RecordShape = source.shape;
  let first = true;
  try {
    for await (const batch of decodedRuns(source, options)) {
      if (first) shape = shapeOf(batch);
      first = false;
      for (let i = 0; i < batch.count; i++) writer.put(datumOf(batch, i, source));
    }
    return { records: writer.finish(), shape, path };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** The mean picture; all must have one size once decoded. */
export async function meanOfPictures(source: RecordSource, options: DecodeOptions): Promise<MeanImage> {
  let sum: RecordSum | undefined;
  for await (const batch of decodedRuns(source, options)) {
    sum ??= new RecordSum(source.name, shapeOf(batch));
    sum.add(batch);
  }
  if (!sum) throw dataError({ message: `${source.name} holds no pictures`, code: 'empty' });
  return sum.mean();
}
