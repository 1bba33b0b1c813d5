import type { Pointer } from '../native/index.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';
import { elementsOf } from './source.ts';

/** Records of one size, one after another in memory (idx, CIFAR-10 binary). */
export class MemorySource implements RecordSource {
  readonly name: string;
  readonly kind: string;
  readonly shape: RecordShape;
  readonly encoded = false;
  readonly count: number;
  readonly bytes: number;
  private readonly data: Uint8Array;
  private readonly labels: Float32Array;
  private table: RecordTable | undefined;

  constructor(name: string, kind: string, shape: RecordShape, data: Uint8Array, labels: Float32Array) {
    this.name = name;
    this.kind = kind;
    this.shape = shape;
    this.data = data;
    this.labels = labels;
    this.count = labels.length;
    this.bytes = data.byteLength + labels.byteLength;
  }

  read(position: number, count: number): RecordBatch {
    const table = tableFor(this.table, count, this.shape);
    this.table = table;
    table.base = this.data;
    const size = elementsOf(this.shape);
    for (let i = 0; i < count; i++) {
      const index = (position + i) % this.count;
      setOffset(table, i, index * size);
      table.labels[i] = this.labels[index]!;
    }
    return table;
  }

  close(): void {}
}

/** A batch that is kept from one read to the next. */
export interface RecordTable extends RecordBatch {
  base: Pointer;
  /** `offsets` as pairs of 32 bits, the lower first: numbers get there without becoming bigints. */
  readonly halves: Uint32Array;
}

/** A table of `count` records of one shape, offsets and labels still to be set; the old one where it fits. */
export function tableFor(old: RecordTable | undefined, count: number, shape: RecordShape): RecordTable {
  if (old && old.count === count) return old;
  const offsets = new BigInt64Array(count);
  return {
    count,
    base: null,
    offsets,
    halves: new Uint32Array(offsets.buffer),
    element: 'uint8',
    channels: shape[0],
    heights: new Int32Array(count).fill(shape[1]),
    widths: new Int32Array(count).fill(shape[2]),
    labels: new Float32Array(count),
  };
}

/** Record `i` begins at this byte (an integer ≥ 0, exact as a number). */
export function setOffset({ halves }: RecordTable, i: number, bytes: number): void {
  halves[2 * i] = bytes; // modulo 2^32, as every store into a Uint32Array
  halves[2 * i + 1] = bytes / 2 ** 32;
}
