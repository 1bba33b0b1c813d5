import { checkedProduct, dataError } from '../core/index.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { create, isSet } from './message.ts';
import type { BlobProto } from './messages.ts';

/** An array as weight, solver state and mean files hold it: row-major single-precision values of the given shape. */
export interface StoredBlob {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** True where the file has the four-axis form, which stands for shapes of fewer axes too. */
  readonly legacy?: boolean;
}

/** Caffe's kMaxBlobAxes (blob.hpp). */
const MOST_AXES = 32;

const legacyAxes = ['num', 'channels', 'height', 'width'] as const;

/** Shape and values of a BlobProto, from either form of the shape and either precision. Throws a data error where they disagree. */
export function blobOf(proto: BlobProto, what: string): StoredBlob {
  const legacy = legacyAxes.some((axis) => isSet(proto, axis));
  const shape = legacy ? legacyAxes.map((axis) => proto[axis]) : [...(proto.shape?.dim ?? [])];
  if (shape.length > MOST_AXES) {
    throw dataError({ message: `${what}: ${shape.length} axes`, expected: `at most ${MOST_AXES}`, code: 'blob-axes' });
  }
  const stored = isSet(proto, 'double_data') ? proto.double_data : proto.data;
  const data = stored instanceof Float32Array ? stored : Float32Array.from(stored);
  const count = checkedProduct(shape, what);
  if (count !== data.length) {
    throw dataError({
      message: `${what}: ${data.length} values for the shape [${shape.join(' ')}]`,
      expected: `${count} values`,
      code: 'blob-count',
    });
  }
  return legacy ? { shape, data, legacy } : { shape, data };
}

/** A BlobProto in today's form. The values are shared, not copied. */
export const toBlobProto = (blob: StoredBlob): BlobProto =>
  create('BlobProto', { data: blob.data as unknown as number[], shape: { dim: blob.shape } });

/** Whether a stored array fits a parameter of this shape: equal, or equal once filled up to four axes where the file is of the old form. */
export function shapeFits(stored: StoredBlob, shape: readonly number[]): boolean {
  if (stored.legacy && shape.length > 4) return false;
  const wanted = stored.legacy ? [...new Array(4 - shape.length).fill(1), ...shape] : shape;
  return wanted.length === stored.shape.length && wanted.every((d, i) => d === stored.shape[i]);
}

/** A file that holds one array, e.g. a mean image (`.binaryproto`). */
export const readBlob = (bytes: Uint8Array, file: string): StoredBlob => blobOf(decode('BlobProto', bytes, file), file);

export const writeBlob = (blob: StoredBlob): Buffer => encode('BlobProto', toBlobProto(blob));
