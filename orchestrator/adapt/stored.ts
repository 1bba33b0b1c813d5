import { internalError, RandomStream } from '../core/index.ts';
import { decodeContainer, encodeContainer } from './container.ts';
import { quantiseRows, row, rowsByClass, type WordLength } from './features.ts';
import type { FeatureGenerator, GeneratorKind } from './generator.ts';
import type { MemoryLedger } from './memory.ts';

interface Shape {
  readonly dimension: number;
  readonly classes: number;
  readonly bits: WordLength;
  readonly count: number;
  readonly known: readonly number[];
}

interface Arrays {
  /** Class of each record; records of a class follow each other. */
  readonly labels: Int32Array;
  /** [count][dimension]: values (32 bits) or words (8 bits). */
  readonly values: Float32Array | Int8Array;
  /** [count]; empty with 32 bits. */
  readonly scales: Float32Array;
}

/** Keeps features of real records and gives them out again, drawn with replacement. */
class StoredGenerator implements FeatureGenerator {
  readonly kind = 'stored';
  readonly dimension: number;
  readonly classes: number;
  readonly known: readonly number[];
  private readonly shape: Shape;
  private readonly arrays: Arrays;
  private readonly memory: MemoryLedger;
  /** First record of each class, and one past the last. */
  private readonly ranges: readonly (readonly [number, number])[];

  constructor(shape: Shape, arrays: Arrays, memory: MemoryLedger) {
    this.shape = shape;
    this.arrays = arrays;
    this.memory = memory;
    this.dimension = shape.dimension;
    this.classes = shape.classes;
    this.known = shape.known;
    this.ranges = Array.from({ length: shape.classes }, (_, c) => {
      const first = arrays.labels.indexOf(c);
      return first < 0 ? [0, 0] : [first, arrays.labels.lastIndexOf(c) + 1];
    });
  }

  get bytes(): number {
    const { labels, values, scales } = this.arrays;
    return labels.byteLength + values.byteLength + scales.byteLength;
  }

  draw(labels: Int32Array, random: RandomStream, out: Float32Array): void {
    const d = this.dimension;
    const { values, scales } = this.arrays;
    labels.forEach((label, i) => {
      const [first, end] = this.ranges[label] ?? [0, 0];
      if (end === first) throw internalError(`no features of class ${label}`);
      const r = first + random.integer(end - first);
      const scale = this.shape.bits === 32 ? 1 : scales[r]!;
      for (let k = 0; k < d; k++) out[i * d + k] = scale * values[r * d + k]!;
    });
  }

  encode(key: string): Uint8Array {
    return encodeContainer({ kind: this.kind, key, facts: { ...this.shape }, arrays: { ...this.arrays } });
  }

  release(): void {
    const { labels, values, scales } = this.arrays;
    this.memory.release(labels, values, scales);
  }
}

function allocate(shape: Shape, memory: MemoryLedger): Arrays {
  const { count, dimension, bits } = shape;
  return {
    labels: memory.int32('generator', count),
    values: bits === 32 ? memory.float32('generator', count * dimension) : memory.int8('generator', count * dimension),
    scales: memory.float32('generator', bits === 32 ? 0 : count),
  };
}

export const stored: GeneratorKind = {
  kind: 'stored',
  fit(table, { perClass, bits, seed }, memory) {
    const random = new RandomStream(seed, 'adapt/stored');
    const kept = rowsByClass(table).map((rows) =>
      perClass === 0 || rows.length <= perClass
        ? rows
        : random
            .shuffle([...rows])
            .slice(0, perClass)
            .sort((a, b) => a - b),
    );
    const known = kept.flatMap((rows, label) => (rows.length > 0 ? [label] : []));
    const { dimension, classes } = table;
    const shape: Shape = { dimension, classes, bits, count: kept.flat().length, known };
    const arrays = allocate(shape, memory);
    kept.flat().forEach((r, i) => {
      arrays.labels[i] = table.labels[r]!;
      const at = i * dimension;
      if (arrays.values instanceof Float32Array) arrays.values.set(row(table, r), at);
      else
        quantiseRows(
          row(table, r),
          dimension,
          arrays.values.subarray(at, at + dimension),
          arrays.scales.subarray(i, i + 1),
        );
    });
    return new StoredGenerator(shape, arrays, memory);
  },
  decode(bytes, path, key, memory) {
    const { facts, arrays: read } = decodeContainer(bytes, path, { kind: 'stored', ...(key && { key }) });
    const shape = facts as unknown as Shape;
    const arrays = allocate(shape, memory);
    for (const [name, array] of Object.entries(arrays) as [keyof Arrays, Float32Array][]) array.set(read[name]!);
    return new StoredGenerator(shape, arrays, memory);
  },
};
