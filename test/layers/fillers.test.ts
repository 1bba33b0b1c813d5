import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { philox, RandomStream } from '../../orchestrator/core/index.ts';
import { checkFiller, fillBlob } from '../../orchestrator/layers/fillers.ts';
import { setThreads } from '../../orchestrator/math/index.ts';
import { fillGaussian, fillUniform } from '../../orchestrator/math/random.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';

interface Reference {
  readonly filler: string;
  readonly shape: number[];
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  readonly zero_share: number;
  readonly data?: number[];
}

const file = join('..', 'shared', 'golden', 'interop', 'fillers.json');
const references: Reference[] = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).fillers : [];
if (references.length === 0) console.log(`skipped: no reference numbers in ${file}`);

const fillerOf = (text: string) =>
  parseNet(`layer { name: "d" type: "DummyData" dummy_data_param { data_filler { ${text} } } }`, 'f').layer[0]!
    .dummy_data_param!.data_filler[0]!;

function filled(text: string, shape: number[], random = new RandomStream(7, 'filler')): Float32Array {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  fillBlob(fillerOf(text), shape, data, random);
  return data;
}

describe("Caffe's fillers", () => {
  for (const [i, reference] of references.entries()) {
    it(`${reference.filler} ${i}`, () => {
      const data = filled(reference.filler, reference.shape);
      if (reference.data) {
        expect(Array.from(data)).toEqual(reference.data);
        return;
      }
      const n = data.length;
      const mean = data.reduce((a, b) => a + b, 0) / n;
      const std = Math.sqrt(data.reduce((a, b) => a + (b - mean) ** 2, 0) / n);
      // Five standard errors of both draws; a kurtosis of 3 bounds that of the uniform filler too.
      expect(Math.abs(mean - reference.mean)).toBeLessThan((5 * Math.SQRT2 * reference.std) / Math.sqrt(n) + 1e-8);
      const sparse = reference.zero_share > 0 ? 1 / Math.sqrt(1 - reference.zero_share) : 1;
      expect(Math.abs(std / reference.std - 1)).toBeLessThan((5 * sparse * 2) / Math.sqrt(n));
      const zeros = data.filter((v) => v === 0).length / n;
      expect(Math.abs(zeros - reference.zero_share)).toBeLessThan(0.01);
      if (/uniform|xavier/.test(reference.filler)) {
        const width = reference.max - reference.min;
        expect(data.reduce((a, b) => Math.min(a, b))).toBeGreaterThanOrEqual(reference.min - 0.001 * width);
        expect(data.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(reference.max + 0.001 * width);
      }
    });
  }

  it('gives every row of positive_unitball the sum 1', () => {
    const data = filled('type: "positive_unitball"', [20, 50]);
    for (let r = 0; r < 20; r++) {
      const row = data.subarray(50 * r, 50 * r + 50);
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('draws in C++', () => {
  const word = (seed: number, stream: number, position: number) =>
    philox([Math.floor(position / 4), 0, stream, 0], [seed, 0])[position % 4]!;

  it('are the words of the TypeScript Philox, from any position', () => {
    for (const [count, position] of [
      [1, 0],
      [1000, 0],
      [777, 254],
      [513, 1_000_000],
    ] as const) {
      const out = new Float32Array(count);
      fillUniform(out, new RandomStream(5, 9, position), 0, 1);
      for (let i = 0; i < count; i++) expect(out[i]).toBe(Math.fround(word(5, 9, position + i) / 2 ** 32));
    }
  });

  it('are Box-Muller pairs of these words', () => {
    const out = new Float32Array(5001);
    fillGaussian(out, new RandomStream(3, 4, 10), 0, 1);
    for (let i = 0; i < out.length; i++) {
      const pair = 10 + i - (i % 2);
      const radius = Math.sqrt(-2 * Math.log((Math.floor(word(3, 4, pair) / 2) + 0.75) / 2 ** 31));
      const angle = (2 * Math.PI * word(3, 4, pair + 1)) / 2 ** 32;
      const wanted = radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
      expect(Math.abs(out[i]! - wanted)).toBeLessThan(2e-6 * Math.max(1, radius));
    }
  });

  it('do not depend on threads, and move the stream on', () => {
    const draw = () => {
      const random = new RandomStream(1, 'w', 3);
      const out = new Float32Array(200_001);
      fillGaussian(out, random, 1, 2);
      return { out, position: random.position };
    };
    setThreads(1);
    const one = draw();
    setThreads(2);
    const two = draw();
    setThreads(1);
    expect(two.out).toEqual(one.out);
    expect(one.position).toBe(4 + 200_002);
  });

  it('fill 37 million weights in seconds', () => {
    const started = performance.now();
    fillGaussian(new Float32Array(37_748_736), new RandomStream(1, 2), 0, 0.005);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('fillers that are refused', () => {
  const refused = (text: string, shape: number[]) => () => checkFiller(fillerOf(text), shape, 'weight_filler');
  it('names what is wrong and what is near', () => {
    expect(refused('type: "gausian"', [3])).toThrow(/unknown filler 'gausian'.*\n.*did you mean 'gaussian'/);
    expect(refused('type: "bilinear"', [1, 1, 4, 2])).toThrow(/square/);
    expect(refused('type: "xavier" sparse: 3', [4, 4])).toThrow(/sparse/);
  });
});
