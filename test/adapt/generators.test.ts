import { describe, expect, it } from 'vitest';
import {
  type FeatureTable,
  type FitOptions,
  fitDefaults,
  generatorKinds,
  MemoryLedger,
} from '../../orchestrator/adapt/index.ts';
import { principalDirections } from '../../orchestrator/adapt/principal.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';

const D = 6;

/** Two classes with known moments: class c has mean 10 (c + 1) + k, one strong direction of deviation 3, and 0.5 beside it. */
function correlated(count: number): FeatureTable {
  const random = new RandomStream(5, 'generators');
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const features = new Float32Array(count * D);
  labels.forEach((label, i) => {
    const u = 3 * random.normal();
    for (let k = 0; k < D; k++)
      features[i * D + k] = 10 * (label + 1) + k + (u * (k % 2 ? 1 : -1)) / Math.sqrt(D) + 0.5 * random.normal();
  });
  return { count, dimension: D, classes: 3, features, labels };
}

function fitted(kind: string, table: FeatureTable, options: Partial<FitOptions> = {}, memory = new MemoryLedger()) {
  return generatorKinds.get(kind)!.fit(table, { ...fitDefaults, ...options }, memory);
}

function covariance(rows: Float32Array, d: number): number[][] {
  const n = rows.length / d;
  const mean = Array.from({ length: d }, (_, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += rows[i * d + k]!;
    return sum / n;
  });
  return Array.from({ length: d }, (_, a) =>
    Array.from({ length: d }, (_, b) => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += (rows[i * d + a]! - mean[a]!) * (rows[i * d + b]! - mean[b]!);
      return sum / (n - 1);
    }),
  );
}

describe('principal directions', () => {
  it('have the length of the deviation along them, and are zero where the rows have no more', () => {
    const random = new RandomStream(2, 'rows');
    const n = 400;
    const rows = new Float64Array(n * 4);
    let squares = [0, 0];
    for (let i = 0; i < n; i++) {
      const [a, b] = [5 * random.normal(), random.normal()];
      rows[i * 4] = a;
      rows[i * 4 + 2] = b;
      squares = [squares[0]! + a * a, squares[1]! + b * b];
    }
    const [first, second, third] = principalDirections(rows, n, 4, 3);
    expect(Math.abs(first![0]!)).toBeCloseTo(Math.sqrt(squares[0]! / (n - 1)), 1);
    expect(Math.abs(second![2]!)).toBeCloseTo(Math.sqrt(squares[1]! / (n - 1)), 1);
    expect(Math.hypot(...third!)).toBeLessThan(1e-6);
  });
});

describe('a Gaussian per class', () => {
  it('draws with the means and covariances of the classes', () => {
    const table = correlated(2000);
    const generator = fitted('gaussian', table, { rank: 1 });
    for (const label of [0, 1]) {
      const n = 4000;
      const out = new Float32Array(n * D);
      generator.draw(new Int32Array(n).fill(label), new RandomStream(1, 'draw'), out);
      const real = new Float32Array(1000 * D);
      for (let i = 0; i < 1000; i++)
        real.set(table.features.subarray((2 * i + label) * D, (2 * i + label + 1) * D), i * D);
      const [drawn, wanted] = [covariance(out, D), covariance(real, D)];
      for (let a = 0; a < D; a++) {
        let mean = 0;
        for (let i = 0; i < n; i++) mean += out[i * D + a]! / n;
        expect(Math.abs(mean - 10 * (label + 1) - a)).toBeLessThan(0.2);
        for (let b = 0; b < D; b++) expect(Math.abs(drawn[a]![b]! - wanted[a]![b]!)).toBeLessThan(0.2);
      }
    }
  });

  it('keeps the diagonal alone with rank 0', () => {
    const generator = fitted('gaussian', correlated(2000), { rank: 0 });
    const out = new Float32Array(4000 * D);
    generator.draw(new Int32Array(4000), new RandomStream(1, 'draw'), out);
    const c = covariance(out, D);
    for (let a = 0; a < D; a++)
      for (let b = 0; b < D; b++) {
        if (a === b) expect(c[a]![a]!).toBeCloseTo(1.75, 0);
        else expect(Math.abs(c[a]![b]!)).toBeLessThan(0.15);
      }
  });

  it('stays at or above zero where the features do', () => {
    const table = correlated(200);
    const rectified = { ...table, features: table.features.map((v) => Math.max(0, v - 12)) };
    const out = new Float32Array(500 * D);
    const generator = fitted('gaussian', rectified);
    generator.draw(new Int32Array(500), new RandomStream(1, 'draw'), out);
    expect(out.every((v) => v >= 0)).toBe(true);
    expect(out.some((v) => v === 0)).toBe(true);
  });

  it('refuses a class without records', () => {
    const generator = fitted('gaussian', correlated(20));
    expect(generator.known).toEqual([0, 1]);
    expect(() => generator.draw(Int32Array.of(2), new RandomStream(1, 'd'), new Float32Array(D))).toThrow(/class 2/);
  });
});

describe('stored features', () => {
  it('are rows of the class, in all of it', () => {
    const table = correlated(40);
    const generator = fitted('stored', table);
    const out = new Float32Array(400 * D);
    generator.draw(new Int32Array(400).fill(1), new RandomStream(1, 'draw'), out);
    const rows = new Set<string>();
    for (let i = 0; i < 400; i++) rows.add(out.subarray(i * D, (i + 1) * D).join());
    const known = [...table.labels.keys()].filter((i) => table.labels[i] === 1);
    expect(rows).toEqual(new Set(known.map((i) => table.features.subarray(i * D, (i + 1) * D).join())));
  });

  it('keep as many as asked for, in 8 bits where asked for', () => {
    const memory = new MemoryLedger();
    const generator = fitted('stored', correlated(40), { perClass: 5, bits: 8 }, memory);
    // 10 records: a label and a scale of 4 bytes, and D words of one.
    expect(generator.bytes).toBe(10 * (4 + 4 + D));
    expect(memory.bytes).toBe(generator.bytes);
  });
});

describe('the memory ledger', () => {
  it('counts what is held now, the most there was, and what it was for', () => {
    const memory = new MemoryLedger();
    const a = memory.float32('generator', 10);
    const release = memory.hold({ activations: 100, history: 8 });
    memory.release(a, new Float32Array(5));
    const b = memory.int8('samples', 3);
    release();
    release();
    memory.release(a, b);
    expect(memory.bytes).toBe(0);
    expect(memory.peak).toBe(148);
    expect(memory.peakByKind).toEqual({ generator: 40, activations: 100, history: 8 });
  });
});
