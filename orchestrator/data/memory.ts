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
  private table: RecordBatch | undefined;

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
    this.table = { ...table, base: this.data };
    const size = elementsOf(this.shape);
    for (let i = 0; i < count; i++) {
      const index = (position + i) % this.count;
      table.offsets[i] = BigInt(index * size);
      table.labels[i] = this.labels[index]!;
    }
    return this.table;
  }

  close(): void {}
}

/** A table of `count` records of one shape, offsets and labels still to be set; the old one where it fits. */
export function tableFor(old: RecordBatch | undefined, count: number, shape: RecordShape): RecordBatch {
  if (old && old.count === count) return old;
  return {
    count,
    base: null,
    offsets: new BigInt64Array(count),
    element: 'uint8',
    channels: shape[0],
    heights: new Int32Array(count).fill(shape[1]),
    widths: new Int32Array(count).fill(shape[2]),
    labels: new Float32Array(count),
  };
}
