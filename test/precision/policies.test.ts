import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { setThreads } from '../../orchestrator/math/index.ts';
import {
  type Decision,
  decisionLine,
  type EpochSummary,
  finalProgress,
  fixedPolicy,
  GradientWindow,
  MUPPET_FINAL,
  MUPPET_VARIANTS,
  meanDiversity,
  muppetPolicy,
  type PolicyState,
  type PrecisionPolicy,
  payingLevel,
  randomEpochs,
  schedulePolicy,
  type TensorGradient,
  threshold,
  windowEnds,
  withHysteresis,
} from '../../orchestrator/precision/index.ts';

/** Statistics of one weight tensor with the diversity `d`. */
const gradients = (d: number) => [
  { layer: 'conv1', tensor: 'conv1[0]', kind: 'weights' as const, squares: d, sumSquares: 1 },
];

/** Runs epochs 0 … n-1; `diversity` gives D at the epochs where a window ends. */
function replay<S extends PolicyState>(
  policy: PrecisionPolicy<S>,
  epochs: number,
  diversity: (epoch: number) => number,
) {
  let state = policy.start();
  const decisions: Decision[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const ends = policy.window !== undefined && windowEnds(policy.window, epoch);
    const summary: EpochSummary = { epoch, gradients: ends ? gradients(diversity(epoch)) : [] };
    const answer = policy.observe(state, summary);
    // A policy may only know what its JSON says.
    state = JSON.parse(JSON.stringify(answer.state));
    decisions.push(answer.decision);
  }
  return { state, decisions };
}

const switches = (decisions: readonly Decision[]) => decisions.filter((d) => d.switched).map((d) => d.epoch + 1);

describe('MuPPET', () => {
  const code = muppetPolicy(5, MUPPET_VARIANTS.code);

  it('reproduces the trace of D = 1.0, 1.0, 0.6 at epochs 2, 5, 8: no violation', () => {
    const { decisions, state } = replay(code, 9, (epoch) => (epoch === 8 ? 0.6 : 1));
    const evaluated = decisions.filter((d) => d.evaluation).map((d) => [d.epoch, d.evaluation!] as const);
    expect(evaluated.map(([epoch]) => epoch)).toEqual([2, 5, 8]);
    const round = (x: number) => Number(x.toFixed(3));
    expect(evaluated.map(([, e]) => round(e.ratio))).toEqual([1, 1, 1.667]);
    expect(evaluated.map(([, e]) => round(e.threshold))).toEqual([2.228, 1.91, 1.674]);
    expect(evaluated.map(([, e]) => e.violations)).toEqual([0, 0, 0]);
    expect(state).toEqual({ level: 0, since: 0, best: 1, violations: 0 });
  });

  it('reproduces the trace with 0.58 at epoch 8: violation 1', () => {
    const { decisions } = replay(code, 9, (epoch) => (epoch === 8 ? 0.58 : 1));
    const last = decisions[8]!;
    expect(last.evaluation!.ratio).toBeCloseTo(1.724, 3);
    expect(last.evaluation!.ratio).toBeGreaterThan(last.evaluation!.threshold);
    expect(last.evaluation!.violations).toBe(1);
    expect(last.switched).toBe(false);
    expect(decisionLine(last, ['8 bits'])).toBe(
      'epoch 8: D 0.5800, p 1.724, T 1.674, violations 1; stays at 8 bits: p > T, switches at >= 2 violations',
    );
  });

  it("has the paper's threshold", () => {
    const T = (j: number) => Number(threshold(MUPPET_VARIANTS.paper, j).toFixed(3));
    expect([2, 5, 8, 11, 14, 20, 29, 41, 50, 71].map(T)).toEqual([
      ...[2.228, 1.91, 1.674, 1.499, 1.37, 1.203, 1.083, 1.025, 1.01, 1.001],
    ]);
  });

  it('switches at the second violation in the code, at the third in the paper; counts start anew', () => {
    // Falling diversity violates at every evaluation but the first of a level, once T is small.
    const falling = (epoch: number) => 0.3 ** epoch;
    const byCode = replay(code, 60, falling);
    const byPaper = replay(muppetPolicy(5, MUPPET_VARIANTS.paper), 60, falling);
    expect(switches(byCode.decisions)).toEqual([9, 18, 27, 36]);
    expect(switches(byPaper.decisions)).toEqual([13, 25, 37, 49]);
    expect(byCode.state).toEqual({ level: 4, since: 36, best: null, violations: 0 });
    expect(byCode.decisions.at(-1)!.reason).toBe('the last level');
    const levels = byCode.decisions.map((d) => d.level);
    expect(levels).toEqual([...levels].sort((a, b) => a - b));
  });

  it('evaluates at the epochs of each variant', () => {
    const ends = (v: 'paper' | 'code') =>
      Array.from({ length: 10 }, (_, e) => e).filter((e) => windowEnds(MUPPET_VARIANTS[v], e));
    expect(ends('code')).toEqual([2, 5, 8]);
    expect(ends('paper')).toEqual([3, 6, 9]);
  });

  it("may count the threshold's epochs from the last switch", () => {
    const policy = muppetPolicy(3, { ...MUPPET_VARIANTS.code, origin: 'switch' });
    const answer = policy.observe(
      { level: 1, since: 30, best: 1, violations: 0 },
      { epoch: 32, gradients: gradients(0.6) },
    );
    expect(answer.decision.evaluation!.threshold).toBeCloseTo(threshold(MUPPET_VARIANTS.code, 2), 12);
    expect(answer.decision.evaluation!.violations).toBe(0);
  });

  it('continues from its JSON in the middle of a ladder as if nothing had happened', () => {
    const random = new RandomStream(5, 'trace');
    const trace = Array.from({ length: 120 }, () => 0.2 + random.uniform());
    const whole = replay(code, 120, (e) => trace[e]!);
    const half = replay(code, 61, (e) => trace[e]!);
    let state = half.state;
    const rest: Decision[] = [];
    for (let epoch = 61; epoch < 120; epoch++) {
      const ends = windowEnds(code.window!, epoch);
      const answer = code.observe(state, { epoch, gradients: ends ? gradients(trace[epoch]!) : [] });
      state = answer.state;
      rest.push(answer.decision);
    }
    expect([...half.decisions, ...rest]).toEqual(whole.decisions);
    expect(state).toEqual(whole.state);
  });

  it('does not judge epochs without a gradient', () => {
    const none = [{ layer: 'a', tensor: 'a[0]', kind: 'weights' as const, squares: 0, sumSquares: 0 }];
    expect(code.observe(code.start(), { epoch: 2, gradients: none }).decision.reason).toMatch(
      /no tensor has a gradient/,
    );
    const broken = [{ ...none[0]!, squares: Number.NaN }];
    expect(() => code.observe(code.start(), { epoch: 2, gradients: broken })).toThrow(/not finite/);
  });
});

describe('other policies', () => {
  it('fixed stays', () => {
    expect(switches(replay(fixedPolicy(), 20, () => 1).decisions)).toEqual([]);
  });

  it('schedule switches at the first epoch of each level', () => {
    const { decisions, state } = replay(schedulePolicy([17, 29, 44, 56]), 70, () => 1);
    expect(switches(decisions)).toEqual([17, 29, 44, 56]);
    expect(state).toEqual({ level: 4, since: 56 });
  });

  it('random draws different epochs below the bound, the same for the same seed', () => {
    for (let seed = 0; seed < 50; seed++) {
      const epochs = randomEpochs(4, 45, seed);
      expect(new Set(epochs).size).toBe(4);
      expect(epochs.every((e, i) => e >= 1 && e < 45 && e > (epochs[i - 1] ?? 0))).toBe(true);
      expect(randomEpochs(4, 45, seed)).toEqual(epochs);
    }
    expect(randomEpochs(4, 45, 1)).not.toEqual(randomEpochs(4, 45, 2));
  });

  it('hysteresis passes over a level that does not pay for its reload', () => {
    const costs = {
      secondsPerEpoch: [10, 20, 20.5, 40],
      images: ['i8', 'i16', 'i16b', 'f32'],
      reloadSeconds: 8,
      minimumStay: 9,
    };
    expect(payingLevel(0, 1, costs)).toBe(2); // 9 · 0.5 s against one more reload
    expect(payingLevel(1, 2, costs)).toBe(2); // 9 · 19.5 s against it
    expect(payingLevel(0, 1, { ...costs, reloadSeconds: 1 })).toBe(1);
    expect(payingLevel(0, 1, { ...costs, images: ['i8', 'i16', 'i16', 'f32'] })).toBe(1);
    const { decisions, state } = replay(withHysteresis(schedulePolicy([5, 9, 12]), costs), 20, () => 1);
    expect(decisions.filter((d) => d.switched).map((d) => [d.epoch + 1, d.level])).toEqual([
      [5, 2],
      [12, 3],
    ]);
    expect(state.level).toBe(3);
  });

  it('the final phase counts epochs, not rates', () => {
    const at = (epoch: number) => finalProgress(MUPPET_FINAL, 60, epoch);
    expect(finalProgress(MUPPET_FINAL, undefined, 500)).toEqual({ rate: 1, finished: false });
    expect([59, 60, 74].map((e) => at(e).rate)).toEqual([1, 1, 1]);
    expect(at(75).rate).toBeCloseTo(0.1, 12);
    expect(at(104).rate).toBeCloseTo(0.01, 12);
    expect([104, 105].map((e) => at(e).finished)).toEqual([false, true]);
  });
});

describe('gradient diversity', () => {
  const tensor = (name: string, diff: number[]): TensorGradient => ({
    layer: name.split('[')[0]!,
    tensor: name,
    kind: name.endsWith('[0]') ? 'weights' : 'bias',
    diff: Float32Array.from(diff),
  });

  it('is 1 for orthogonal gradients, 1/n for equal ones, more for opposed ones', () => {
    const of = (rows: number[][]) => {
      const window = new GradientWindow({ every: rows.length, terms: rows.length });
      const found = rows.map((row, epoch) => window.add(epoch, [tensor('a[0]', row)]));
      expect(found.slice(0, -1).every((f) => f.length === 0)).toBe(true);
      return meanDiversity(found.at(-1)!, 'tensor', 'all');
    };
    expect(
      of([
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, 3],
      ]),
    ).toBe(1);
    expect(
      of([
        [1, 2],
        [1, 2],
        [1, 2],
      ]),
    ).toBeCloseTo(1 / 3, 12);
    expect(
      of([
        [1, 0],
        [-0.5, 0],
      ]),
    ).toBe(5);
    expect(
      of([
        [1, 0],
        [-1, 0],
      ]),
    ).toBe(2 ** 40);
    expect(of([[0, 0]])).toBeUndefined();
  });

  it('averages over tensors or layers, with or without biases', () => {
    const stats = [
      { layer: 'a', tensor: 'a[0]', kind: 'weights' as const, squares: 4, sumSquares: 2 },
      { layer: 'a', tensor: 'a[1]', kind: 'bias' as const, squares: 2, sumSquares: 4 },
      { layer: 'b', tensor: 'b[0]', kind: 'weights' as const, squares: 3, sumSquares: 1 },
    ];
    expect(meanDiversity(stats, 'tensor', 'all')).toBeCloseTo((2 + 0.5 + 3) / 3, 12);
    expect(meanDiversity(stats, 'layer', 'all')).toBe((1 + 3) / 2);
    expect(meanDiversity(stats, 'layer', 'weights')).toBe((2 + 3) / 2);
  });

  it("keeps no gradient by reference, shares the border epoch in the paper's window, and can be saved", () => {
    const history = [
      [1, 0],
      [0, 1],
      [1, 1],
      [2, 0],
      [0, 3],
      [1, 0],
      [0, 1],
    ];
    const window = new GradientWindow({ every: 3, terms: 4 });
    const buffer = new Float32Array(2);
    const found: (number | undefined)[] = [];
    let other = window;
    for (const [epoch, row] of history.entries()) {
      buffer.set(row);
      const stats = other.add(epoch, [{ layer: 'a', tensor: 'a[0]', kind: 'weights', diff: buffer }]);
      if (stats.length) found.push(meanDiversity(stats, 'layer', 'weights'));
      const copy = new GradientWindow({ every: 3, terms: 4 });
      copy.restore(other.save());
      other = copy;
    }
    // Epochs 0-3: squares 1+1+2+4, sum (4, 2). Epochs 3-6: 4+9+1+1, sum (3, 4).
    expect(found).toEqual([8 / 20, 15 / 25]);
    expect(() => new GradientWindow({ every: 3, terms: 5 })).toThrow(/window/);
  });

  it('has the same bits for any number of threads', () => {
    const random = new RandomStream(1, 'gradient');
    const rows = [0, 1, 2].map(() => Array.from({ length: 50_001 }, () => random.normal()));
    const runs = [1, 2, 5].map((threads) => {
      setThreads(threads);
      const window = new GradientWindow({ every: 3, terms: 3 });
      return rows.map((row, epoch) => window.add(epoch, [tensor('a[0]', row)])).at(-1);
    });
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    const exact = rows.flat().reduce((s, v) => s + Math.fround(v) ** 2, 0);
    expect(runs[0]![0]!.squares / exact).toBeCloseTo(1, 10);
  });
});
