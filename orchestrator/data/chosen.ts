import { dataError } from '../core/index.ts';
import { parseClassList } from './class-list.ts';
import { type RecordTable, tableFor } from './memory.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';

/** Records labelled at once while their labels are looked at. */
const CHUNK = 256;

/** Which records: of some classes, without every n-th of each class, or those alone. */
export interface Choice {
  /** A class list. */
  readonly only?: string | undefined;
  readonly hold?: number | undefined;
  readonly held?: number | undefined;
}

/**
 * Some records of a source, in its order. Labels keep their numbers. Only for sources whose records stay where they
 * are from one read to the next (in memory or in the map of a file); the labels are read once, when first asked for.
 */
export class ChosenSource implements RecordSource {
  readonly name: string;
  readonly kind: string;
  readonly shape: RecordShape;
  readonly encoded: boolean;
  private readonly source: RecordSource;
  private readonly choice: Choice;
  private readonly classes: ReadonlySet<number> | undefined;
  private found: Float64Array | undefined;
  private table: RecordTable | undefined;

  constructor(source: RecordSource, name: string, choice: Choice) {
    this.source = source;
    this.name = name;
    this.choice = choice;
    this.kind = source.kind;
    this.shape = source.shape;
    this.encoded = source.encoded;
    if (choice.only !== undefined) this.classes = new Set(parseClassList(choice.only, name));
  }

  /** Places of the records in the source, ascending. */
  private get places(): Float64Array {
    if (this.found) return this.found;
    const places: number[] = [];
    const seen = new Map<number, number>();
    for (let first = 0; first < this.source.count; first += CHUNK) {
      const { labels } = this.source.read(first, Math.min(CHUNK, this.source.count - first));
      labels.forEach((label, i) => {
        const count = (seen.get(label) ?? 0) + 1;
        seen.set(label, count);
        if (this.wants(label, count)) places.push(first + i);
      });
    }
    if (places.length === 0) throw dataError({ message: `${this.name}: no record is left`, code: 'empty' });
    this.found = Float64Array.from(places);
    return this.found;
  }

  /** Whether the `count`-th record of a class is among them. */
  private wants(label: number, count: number): boolean {
    const { hold, held } = this.choice;
    if (this.classes && !this.classes.has(label)) return false;
    return (!hold || count % hold !== 0) && (!held || count % held === 0);
  }

  get count(): number {
    return this.places.length;
  }

  get bytes(): number {
    return this.source.bytes + (this.found?.byteLength ?? 0);
  }

  read(position: number, count: number): RecordBatch {
    const { places } = this;
    const table = tableFor(this.table, count, this.shape);
    const pictures: Uint8Array[] = [];
    let base = table.base;
    for (let i = 0; i < count; i++) {
      const one = this.source.read(places[(position + i) % places.length]!, 1);
      table.offsets[i] = one.offsets[0]!;
      table.labels[i] = one.labels[0]!;
      table.heights[i] = one.heights[0]!;
      table.widths[i] = one.widths[0]!;
      if (one.encoded) pictures.push(one.encoded[0]!);
      if (one.element !== 'uint8') {
        throw dataError({ message: `${this.name}: classes of float records cannot be chosen`, expected: 'bytes' });
      }
      base = one.base;
    }
    this.table = { ...table, base, ...(this.encoded ? { encoded: pictures } : {}) };
    return this.table;
  }

  close(): void {
    this.source.close();
  }
}
