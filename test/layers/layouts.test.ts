import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { setThreads } from '../../orchestrator/math/index.ts';
import { type Run, relativeError, runLayer } from './run.ts';

const LAYERS = [
  'type: "ReLU"',
  'type: "ReLU" relu_param { negative_slope: 0.2 }',
  'type: "ReLU" relu_param { negative_slope: -0.2 }',
  'type: "PReLU"',
  'type: "PReLU" prelu_param { channel_shared: true }',
  'type: "Dropout" dropout_param { dropout_ratio: 0.3 }',
  'type: "LRN" lrn_param { local_size: 5 alpha: 0.5 }',
  'type: "LRN" lrn_param { local_size: 3 norm_region: WITHIN_CHANNEL }',
  'type: "BatchNorm"',
  'type: "Scale" scale_param { bias_term: true }',
  'type: "Scale" scale_param { axis: 2 num_axes: -1 }',
  'type: "Bias"',
  'type: "Softmax"',
  'type: "Pooling" pooling_param { kernel_size: 3 stride: 2 }',
  'type: "Pooling" pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }',
];
const WEIGHTED = [
  'type: "Convolution" convolution_param { num_output: 6 kernel_size: 3 pad: 1 }',
  'type: "Deconvolution" convolution_param { num_output: 6 kernel_size: 3 stride: 2 }',
  'type: "InnerProduct" inner_product_param { num_output: 33 }',
  'type: "MVN"',
];

function worst(a: Run, b: Run): number {
  const all = (run: Run) => [...run.tops, ...run.bottomDiffs, ...run.paramDiffs];
  return Math.max(...all(a).map((values, i) => relativeError(values, all(b)[i]!)));
}

/** The bits of tensors as one digest each: comparing large arrays element by element is slow. */
const bitsOf = (tensors: readonly (Float32Array | undefined)[]) => tensors.map((t) => t && hash(t));
const hash = (t: Float32Array) =>
  createHash('sha256')
    .update(Buffer.from(t.buffer, t.byteOffset, t.byteLength))
    .digest('hex');

describe('blocked blobs give the numbers of row-major ones', () => {
  for (const text of LAYERS)
    for (const batch of [1, 7, 16, 33])
      it(`${text}, batch ${batch}`, () => {
        const shape = [batch, 5, 7, 6];
        const plain = runLayer(text, [shape]);
        for (const lanes of [8, 16])
          expect(worst(runLayer(text, [shape], { layout: { lanes } }), plain)).toBeLessThan(3e-6);
      });
});

describe('results do not depend on the number of threads', () => {
  for (const text of [...LAYERS, ...WEIGHTED])
    it(text, () => {
      const shape = [9, 6, 33, 31];
      setThreads(1);
      const one = runLayer(text, [shape]);
      try {
        for (const threads of [2, 3, 5]) {
          setThreads(threads);
          const many = runLayer(text, [shape]);
          for (const part of ['tops', 'bottomDiffs', 'paramDiffs'] as const)
            expect(bitsOf(many[part])).toEqual(bitsOf(one[part]));
        }
      } finally {
        setThreads(1);
      }
    });
});

describe('in place gives the same numbers', () => {
  for (const text of LAYERS.filter((t) => !/LRN|Pooling/.test(t)))
    it(text, () => {
      const apart = runLayer(text, [[5, 4, 3, 6]]);
      const together = runLayer(text, [[5, 4, 3, 6]], { inPlace: true });
      expect(together.tops[0]!).toEqual(apart.tops[0]!);
      // The gradient lies where the top's was; parameters see the values from before.
      expect(relativeError(together.bottomDiffs[0]!, apart.bottomDiffs[0]!)).toBeLessThan(2e-6);
      for (const [i, d] of together.paramDiffs.entries())
        expect(relativeError(d, apart.paramDiffs[i]!)).toBeLessThan(2e-6);
    });
});

describe('Dropout in TRAIN', () => {
  it('drops about its share, scales the rest, and draws what the random stream says', () => {
    const run = runLayer('type: "Dropout" dropout_param { dropout_ratio: 0.4 }', [[10, 6, 11, 13]], {
      seed: 3,
      value: () => 1,
    });
    const random = new RandomStream(3, 'l');
    const expected = Float32Array.from(run.bottoms[0]!, () => (random.uniform() >= 0.4 ? Math.fround(1 / 0.6) : 0));
    expect(run.tops[0]!).toEqual(expected);
    expect(run.bottomDiffs[0]!).toEqual(expected);
    const kept = run.tops[0]!.filter((v) => v !== 0).length / run.tops[0]!.length;
    expect(Math.abs(kept - 0.6)).toBeLessThan(0.02);
  });
});

describe('numbers at the edge', () => {
  it('Softmax takes large inputs', () => {
    const run = runLayer('type: "Softmax"', [[3, 40, 2, 2]], { value: (r) => (r.uniform() - 0.5) * 2000 });
    expect(run.tops[0]!.every((v) => v >= 0 && v <= 1)).toBe(true);
  });
  it('a NaN goes through ReLU, so that a diverged net is seen', () => {
    const run = runLayer('type: "ReLU"', [[2, 3, 4, 5]], { value: () => Number.NaN });
    expect(run.tops[0]!.every((v) => Number.isNaN(v))).toBe(true);
  });
  it('BatchNorm of values far from zero does not cancel', () => {
    const run = runLayer('type: "BatchNorm"', [[8, 2, 9, 9]], { value: (r) => 1000 + r.uniform() });
    const first = run.tops[0]!.filter((_, i) => Math.floor(i / 81) % 2 === 0);
    const variance = first.reduce((s, v) => s + v * v, 0) / first.length;
    expect(Math.abs(variance - 1)).toBeLessThan(1e-3);
  });
});
