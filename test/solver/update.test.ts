import { describe, expect, it } from 'vitest';
import {
  type Regularisation,
  setThreads,
  sumMagnitudes,
  sumSquares,
  updateAdaDelta,
  updateAdaGrad,
  updateAdam,
  updateNesterov,
  updateRmsProp,
  updateSgd,
} from '../../orchestrator/math/index.ts';

const noise = (n: number, seed: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));
const positive = (n: number, seed: number) => noise(n, seed).map((v) => v * v);

type Rule = (w: Float32Array, d: Float32Array, h: Float32Array, h2: Float32Array, r: Regularisation) => void;
/** Each rule with its step in double precision: (gradient, histories) → (step, new histories). */
const rules: Record<string, [Rule, (g: number, h: number, h2: number) => [number, number, number]]> = {
  sgd: [(w, d, h, _, r) => updateSgd(w, d, h, r, 0.1, 0.9), (g, h) => [0.1 * g + 0.9 * h, 0.1 * g + 0.9 * h, 0]],
  nesterov: [
    (w, d, h, _, r) => updateNesterov(w, d, h, r, 0.1, 0.9),
    (g, h) => [1.9 * (0.1 * g + 0.9 * h) - 0.9 * h, 0.1 * g + 0.9 * h, 0],
  ],
  adagrad: [
    (w, d, h, _, r) => updateAdaGrad(w, d, h, r, 0.1, 1e-3),
    (g, h) => [(0.1 * g) / (Math.sqrt(h + g * g) + 1e-3), h + g * g, 0],
  ],
  rmsprop: [
    (w, d, h, _, r) => updateRmsProp(w, d, h, r, 0.1, 1e-3, 0.9),
    (g, h) => [(0.1 * g) / (Math.sqrt(0.1 * g * g + 0.9 * h) + 1e-3), 0.1 * g * g + 0.9 * h, 0],
  ],
  adadelta: [
    (w, d, h, h2, r) => updateAdaDelta(w, d, h, h2, r, 0.1, 1e-3, 0.9),
    (g, h, h2) => {
      const mean = 0.1 * g * g + 0.9 * h;
      const step = g * Math.sqrt((h2 + 1e-3) / (mean + 1e-3));
      return [0.1 * step, mean, 0.1 * step * step + 0.9 * h2];
    },
  ],
  adam: [
    (w, d, h, h2, r) => updateAdam(w, d, h, h2, r, 0.1, 1e-3, 0.9, 0.99),
    (g, h, h2) => {
      const m = 0.1 * g + 0.9 * h;
      const v = 0.01 * g * g + 0.99 * h2;
      return [(0.1 * m) / (Math.sqrt(v) + 1e-3), m, v];
    },
  ],
};

const regularisations: Regularisation[] = [
  { scale: 1, power: 0, decay: 0 },
  { scale: 0.25, power: 2, decay: 0.05 },
  { scale: 0.5, power: 1, decay: 0.05 },
];

describe('update rules', () => {
  for (const [name, [rule, model]] of Object.entries(rules)) {
    it(`${name} does its formula, for any length and decay`, () => {
      for (const n of [0, 1, 7, 16, 1001]) {
        for (const r of regularisations) {
          const [w, d, h, h2] = [noise(n, 1), noise(n, 2), positive(n, 3), positive(n, 4)];
          if (n > 1) w[0] = 0;
          const [w0, h0, s0] = [w.slice(), h.slice(), h2.slice()];
          rule(w, d, h, h2, r);
          for (let i = 0; i < n; i++) {
            const decay = r.power === 2 ? r.decay * w0[i]! : r.power === 1 ? r.decay * Math.sign(w0[i]!) : 0;
            const [step, first, second] = model(d[i]! * r.scale + decay, h0[i]!, s0[i]!);
            expect(w[i]).toBeCloseTo(w0[i]! - step, 5);
            expect(h[i]).toBeCloseTo(first, 5);
            if (name.startsWith('ada') && name !== 'adagrad') expect(h2[i]).toBeCloseTo(second, 5);
          }
        }
      }
    });
  }

  it('gives the same bits with one thread and two', () => {
    const n = 100_003;
    const run = (threads: number) => {
      setThreads(threads);
      const [w, d, h, h2] = [noise(n, 1), noise(n, 2), positive(n, 3), positive(n, 4)];
      for (const [rule] of Object.values(rules)) rule(w, d, h, h2, regularisations[1]!);
      return { w, h, h2, squares: sumSquares(w), magnitudes: sumMagnitudes(w) };
    };
    expect(run(2)).toEqual(run(1));
    setThreads(1);
  });

  it('sums squares and magnitudes', () => {
    const x = noise(20_001, 5);
    const squares = x.reduce((a, v) => a + v * v, 0);
    const magnitudes = x.reduce((a, v) => a + Math.abs(v), 0);
    expect(Math.abs(sumSquares(x) - squares)).toBeLessThan(1e-9 * squares);
    expect(Math.abs(sumMagnitudes(x) - magnitudes)).toBeLessThan(1e-9 * magnitudes);
    expect(sumSquares(new Float32Array(0))).toBe(0);
  });
});
