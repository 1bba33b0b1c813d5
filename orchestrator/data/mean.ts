import { CremaError, dataError } from '../core/index.ts';
import { create, decode, encode, isSet } from '../proto/index.ts';
import { readFileOf } from './files.ts';
import type { RecordShape } from './source.ts';
import { elementsOf } from './source.ts';

export interface MeanImage {
  readonly shape: RecordShape;
  readonly data: Float32Array;
}

/** Reads a mean image: a BlobProto of one image, its dims in `shape` or in the four old fields. */
export function readMean(path: string): MeanImage {
  const bytes = readFileOf(path, 'a mean image (BlobProto)');
  let blob: ReturnType<typeof decode<'BlobProto'>>;
  try {
    blob = decode('BlobProto', bytes);
  } catch (cause) {
    const reason = cause instanceof CremaError ? (cause.problems[0]?.message ?? '') : String(cause);
    throw dataError(
      { message: `${path} is no mean image: ${reason}`, expected: 'a BlobProto', code: 'bad-mean' },
      cause,
    );
  }
  const legacy = ['num', 'channels', 'height', 'width'].some((field) => isSet(blob, field as 'num'));
  const dims = legacy ? [blob.num, blob.channels, blob.height, blob.width] : [...(blob.shape?.dim ?? [])];
  while (dims.length > 3 && dims[0] === 1) dims.shift();
  const values = blob.data.length > 0 ? blob.data : blob.double_data;
  const shape = dims as unknown as RecordShape;
  if (dims.length !== 3 || !dims.every((d) => d > 0) || values.length !== elementsOf(shape)) {
    throw dataError({
      message: `${path} has the shape [${dims.join(' ')}] and ${values.length} values`,
      expected: 'one image: channels, height, width',
      code: 'bad-mean',
    });
  }
  return { shape, data: Float32Array.from(values) };
}

/** A mean image as Caffe's compute_image_mean writes it (old dims, num 1). */
export function encodeMean(mean: MeanImage): Uint8Array {
  const [channels, height, width] = mean.shape;
  return encode('BlobProto', create('BlobProto', { num: 1, channels, height, width, data: Array.from(mean.data) }));
}
