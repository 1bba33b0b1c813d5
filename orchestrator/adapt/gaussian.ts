import { internalError, type RandomStream } from '../core/index.ts';
import { fillGaussian } from '../math/random.ts';
import { decodeContainer, encodeContainer } from './container.ts';
import { type FeatureTable, rowsByClass } from './features.ts';
import type { FeatureGenerator, GeneratorKind } from './generator.ts';
import type { MemoryLedger } from './memory.ts';
import { principalDirections } from './principal.ts';

interface Shape {
  readonly dimension: number;
  readonly classes: number;
  readonly rank: number;
  /** Features follow a ReLU: draws below zero become zero. */
  readonly rectified: boolean;
  readonly known: readonly number[];
}

interface Arrays {
  /** [classes][dimension] */
  readonly mean: Float32Array;
  /** Standard deviation of what the directions leave over: [classes][dimension] */
  readonly rest: Float32Array;
  /** [classes][rank][dimension], each of the length of its standard deviation. */
  readonly directions: Float32Array;
}

/** Per class a Gaussian with low-rank plus diagonal covariance: z = mean + Vᵀu + rest ∘ e with standard normal u, e. */
class GaussianGenerator implements FeatureGenerator {
  readonly kind = 'gaussian';
  readonly dimension: number;
  readonly classes: number;
  readonly known: readonly number[];
  private readonly shape: Shape;
  private readonly arrays: Arrays;
  private readonly memory: MemoryLedger;
  /** Of one draw: rank, then dimension values. */
  private noise: Float32Array = new Float32Array(0);

  constructor(shape: Shape, arrays: Arrays, memory: MemoryLedger) {
    this.shape = shape;
    this.arrays = arrays;
    this.memory = memory;
    this.dimension = shape.dimension;
    this.classes = shape.classes;
    this.known = shape.known;
  }

  get bytes(): number {
    const { mean, rest, directions } = this.arrays;
    return mean.byteLength + rest.byteLength + directions.byteLength;
  }

  draw(labels: Int32Array, random: RandomStream, out: Float32Array): void {
    const { dimension: d, rank, rectified } = this.shape;
    const { mean, rest, directions } = this.arrays;
    if (this.noise.length !== d + rank) {
      this.memory.release(this.noise);
      this.noise = this.memory.float32('samples', d + rank);
    }
    const { noise } = this;
    labels.forEach((label, i) => {
      if (!this.known.includes(label)) throw internalError(`no features of class ${label}`);
      fillGaussian(noise, random, 0, 1);
      const from = label * d;
      const first = label * rank * d;
      const at = i * d;
      for (let k = 0; k < d; k++) {
        let z = mean[from + k]! + rest[from + k]! * noise[rank + k]!;
        for (let r = 0; r < rank; r++) z += noise[r]! * directions[first + r * d + k]!;
        out[at + k] = rectified && z < 0 ? 0 : z;
      }
    });
  }

  encode(key: string): Uint8Array {
    return encodeContainer({ kind: this.kind, key, facts: { ...this.shape }, arrays: { ...this.arrays } });
  }

  release(): void {
    const { mean, rest, directions } = this.arrays;
    this.memory.release(mean, rest, directions, this.noise);
  }
}

function allocate(classes: number, dimension: number, rank: number, memory: MemoryLedger): Arrays {
  return {
    mean: memory.float32('generator', classes * dimension),
    rest: memory.float32('generator', classes * dimension),
    directions: memory.float32('generator', classes * rank * dimension),
  };
}

/** Fits one class: mean, principal directions of the centred rows, and the deviation they do not explain. */
function fitClass(table: FeatureTable, rows: readonly number[], label: number, rank: number, arrays: Arrays): void {
  const { dimension: d, features } = table;
  const mean = new Float64Array(d);
  for (const r of rows) for (let k = 0; k < d; k++) mean[k]! += features[r * d + k]! / rows.length;
  const centred = new Float64Array(rows.length * d);
  const variance = new Float64Array(d);
  rows.forEach((r, i) => {
    for (let k = 0; k < d; k++) {
      const v = features[r * d + k]! - mean[k]!;
      centred[i * d + k] = v;
      variance[k]! += (v * v) / Math.max(1, rows.length - 1);
    }
  });
  principalDirections(centred, rows.length, d, rank).forEach((v, r) => {
    arrays.directions.set(v, (label * rank + r) * d);
    for (let k = 0; k < d; k++) variance[k]! -= v[k]! * v[k]!;
  });
  arrays.mean.set(mean, label * d);
  for (let k = 0; k < d; k++) arrays.rest[label * d + k] = Math.sqrt(Math.max(0, variance[k]!));
}

export const gaussian: GeneratorKind = {
  kind: 'gaussian',
  fit(table, { rank }, memory) {
    const { classes, dimension } = table;
    const arrays = allocate(classes, dimension, rank, memory);
    const rows = rowsByClass(table);
    rows.forEach((list, label) => {
      if (list.length > 0) fitClass(table, list, label, rank, arrays);
    });
    const known = rows.flatMap((list, label) => (list.length > 0 ? [label] : []));
    const rectified = table.features.every((v) => v >= 0);
    return new GaussianGenerator({ dimension, classes, rank, rectified, known }, arrays, memory);
  },
  decode(bytes, path, key, memory) {
    const { facts, arrays: read } = decodeContainer(bytes, path, { kind: 'gaussian', ...(key && { key }) });
    const shape = facts as unknown as Shape;
    const arrays = allocate(shape.classes, shape.dimension, shape.rank, memory);
    for (const [name, array] of Object.entries(arrays) as [keyof Arrays, Float32Array][]) array.set(read[name]!);
    return new GaussianGenerator(shape, arrays, memory);
  },
};
