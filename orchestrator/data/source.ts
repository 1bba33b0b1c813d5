import type { Pointer } from '../native/index.ts';

/** Channels, height, width of a record. */
export type RecordShape = readonly [number, number, number];

/** A run of records where they lie in memory; valid until the next call of `read`. */
export interface RecordBatch {
  readonly count: number;
  /** Memory that `offsets` (bytes) count from, or null where they are addresses. */
  readonly base: Pointer;
  readonly offsets: BigInt64Array;
  readonly element: 'uint8' | 'float32';
  readonly channels: number;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  readonly labels: Float32Array;
  /** Compressed pictures instead of elements (then the fields above are empty): decoding is asynchronous, see decode.ts. */
  readonly encoded?: readonly Uint8Array[];
}

/** A set of labelled records read in order, whatever stores it. */
export interface RecordSource {
  /** What a message calls it: the resolved path, or the text of a generated set. */
  readonly name: string;
  readonly kind: string;
  /** Shape of the first record. */
  readonly shape: RecordShape;
  /** Records are JPEG or PNG files. */
  readonly encoded: boolean;
  /** Number of records in one pass. LevelDB has to walk its keys to tell. */
  readonly count: number;
  /** `count` records from `position` (any integer ≥ 0, taken modulo the pass); after the last comes the first. */
  read(position: number, count: number): RecordBatch;
  /** Bytes of private memory. */
  readonly bytes: number;
  close(): void;
}

/** Caffe's DataParameter.DB, by name. */
export type Backend = 'LEVELDB' | 'LMDB';

export const elementsOf = (shape: RecordShape): number => shape[0] * shape[1] * shape[2];
