import { type RecordTable, setOffset, tableFor } from './memory.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';
import { elementsOf } from './source.ts';
import type { SyntheticSet } from './synthetic-set.ts';

/** Records drawn together. */
const CHUNK = 256;
/** Sets up to this size are kept once drawn; larger ones are drawn anew for every batch. */
const KEEP_BYTES = 64 * 2 ** 20;

/** Records of a set we draw, drawn when first asked for. */
export class GeneratedSource implements RecordSource {
  readonly name: string;
  readonly kind: string;
  readonly shape: RecordShape;
  readonly encoded = false;
  readonly count: number;
  private readonly set: SyntheticSet;
  private readonly size: number;
  /** Records stay in memory once drawn. */
  readonly kept: boolean;
  private data: Uint8Array | undefined;
  private labels = new Float32Array(0);
  private drawn = new Uint8Array(0);
  private table: RecordTable | undefined;

  constructor(name: string, kind: string, set: SyntheticSet) {
    this.name = name;
    this.kind = kind;
    this.set = set;
    this.shape = set.shape;
    this.count = set.count;
    this.size = elementsOf(set.shape);
    this.kept = this.size * set.count <= KEEP_BYTES;
  }

  get bytes(): number {
    return (this.data?.byteLength ?? 0) + this.labels.byteLength;
  }

  read(position: number, count: number): RecordBatch {
    const table = tableFor(this.table, count, this.shape);
    const start = position % this.count;
    if (this.kept) this.fromKept(table, start);
    else this.anew(table, start);
    this.table = table;
    table.base = this.data!;
    return table;
  }

  private fromKept(table: RecordTable, start: number): void {
    if (!this.data) {
      this.data = new Uint8Array(this.size * this.count);
      this.labels = new Float32Array(this.count);
      this.drawn = new Uint8Array(Math.ceil(this.count / CHUNK));
    }
    for (let i = 0; i < table.count; i++) {
      const index = (start + i) % this.count;
      const chunk = Math.floor(index / CHUNK);
      if (this.drawn[chunk] === 0) this.drawChunk(chunk);
      setOffset(table, i, index * this.size);
      table.labels[i] = this.labels[index]!;
    }
  }

  private drawChunk(chunk: number): void {
    const first = chunk * CHUNK;
    const end = Math.min(first + CHUNK, this.count);
    this.set.draw(first, this.data!.subarray(first * this.size, end * this.size), this.labels.subarray(first, end));
    this.drawn[chunk] = 1;
  }

  private anew(table: RecordTable, start: number): void {
    if (!this.data || this.data.length < table.count * this.size) this.data = new Uint8Array(table.count * this.size);
    for (let done = 0; done < table.count; ) {
      const first = (start + done) % this.count;
      const run = Math.min(table.count - done, this.count - first);
      this.set.draw(
        first,
        this.data.subarray(done * this.size, (done + run) * this.size),
        table.labels.subarray(done, done + run),
      );
      done += run;
    }
    for (let i = 0; i < table.count; i++) setOffset(table, i, i * this.size);
  }

  close(): void {
    this.data = undefined;
    this.drawn = new Uint8Array(0);
    this.labels = new Float32Array(0);
  }
}
