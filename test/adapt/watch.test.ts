import { describe, expect, it } from 'vitest';
import {
  ClassSet,
  changeDeviate,
  confusion,
  confusionShares,
  countShares,
  histogram,
  jaccardDistance,
  maskOf,
  predict,
  priorShift,
  Watcher,
  watchDefaults,
} from '../../orchestrator/adapt/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';

const K = 20;

/** Predictions of a head that is right with probability `accuracy` and else names any class. */
function predictions(random: RandomStream, subset: readonly number[], count: number, accuracy = 0.78): Int32Array {
  return Int32Array.from({ length: count }, () =>
    random.uniform() < accuracy ? subset[random.integer(subset.length)]! : random.integer(K),
  );
}

const windowOf = (random: RandomStream, subset: readonly number[], size = watchDefaults.window) =>
  histogram(predictions(random, subset, size), K);

describe('shares of classes', () => {
  it('counted: all classes of a subset stand out', () => {
    const shares = countShares.shares(windowOf(new RandomStream(1, 'w'), [2, 5, 7, 11], 200));
    const top = [...shares.keys()].sort((a, b) => shares[b]! - shares[a]!).slice(0, 4);
    expect(top.sort((a, b) => a - b)).toEqual([2, 5, 7, 11]);
  });

  it('seen through the confusion: mistakes of a head are explained by the classes they come from', () => {
    // Class 0 is often called 1; class 1 is never met.
    const truth = Int32Array.from({ length: 300 }, (_, i) => i % 3);
    const said = truth.map((c, i) => (c === 0 && i % 4 === 0 ? 1 : c));
    const estimator = confusionShares(confusion(said, truth, 3, 0.5), 3);
    const counts = [75, 25, 100];
    expect(countShares.shares(counts)[1]).toBeCloseTo(0.125);
    const [a, b, c] = estimator.shares(counts);
    expect(b).toBeLessThan(0.01);
    expect(a).toBeCloseTo(0.5, 1);
    expect(c).toBeCloseTo(0.5, 1);
  });
});

describe('the set of classes met', () => {
  const settings = { threshold: 0.5, leastCount: 3, leaveAfter: 2 };
  const update = (set: ClassSet, counts: number[], fresh = false) =>
    set.update(countShares.shares(counts), counts, fresh);

  it('takes a class that is met often enough, not a single mistake', () => {
    expect(update(new ClassSet(settings), [10, 2, 5, 1], true)).toEqual([0, 2]);
  });

  it('lets a class go only after windows without it', () => {
    const set = new ClassSet(settings);
    update(set, [10, 10, 0, 0], true);
    expect(update(set, [19, 1, 0, 0])).toEqual([0, 1]);
    expect(update(set, [19, 1, 0, 0])).toEqual([0]);
    expect(update(set, [10, 10, 0, 0])).toEqual([0, 1]);
  });

  it('is compared by the Jaccard distance', () => {
    expect(jaccardDistance([1, 2, 3], [2, 3, 4])).toBe(0.5);
    expect(jaccardDistance([], [])).toBe(0);
  });
});

describe('change of a stream', () => {
  it('is rarely seen where there is none, always where the classes are others', () => {
    let alarms = 0;
    for (let seed = 1; seed <= 500; seed++) {
      const random = new RandomStream(seed, 'same');
      const subset = random.shuffle([...Array(K).keys()]).slice(0, 4 + (seed % 8));
      const reference = windowOf(random, subset, 200);
      if (changeDeviate(windowOf(random, subset), reference) > watchDefaults.changeLimit) alarms++;
      const others = [...Array(K).keys()].filter((c) => !subset.includes(c)).slice(0, subset.length);
      expect(changeDeviate(windowOf(random, others), reference)).toBeGreaterThan(watchDefaults.changeLimit);
    }
    expect(alarms).toBeLessThanOrEqual(1);
  });
});

describe('the watcher', () => {
  const run = (watcher: Watcher, windows: readonly Int32Array[]) => windows.map((w) => watcher.observe(w));
  const stream = (seed: number, first: number[], second: number[]) => {
    const random = new RandomStream(seed, 'stream');
    return [...Array(16).keys()].map((i) => windowOf(random, i < 8 ? first : second));
  };

  it('adapts when it has seen enough, falls back when the stream changes, and adapts again within two windows', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const [first, second] = [
        [1, 4, 6, 9, 15],
        [0, 2, 3, 5, 7, 12, 18],
      ];
      const decisions = run(new Watcher(watchDefaults), stream(seed, first, second));
      expect(decisions.slice(0, 2).map((d) => d.action)).toEqual(['none', 'adapt']);
      expect(decisions[8]!.action).toBe('fall-back');
      expect(decisions[9]!.action).toBe('adapt');
      const last = decisions.at(-1)!.active;
      expect(second.filter((c) => !last.includes(c))).toEqual([]);
      expect(last.filter((c) => !second.includes(c)).length).toBeLessThanOrEqual(2);
    }
  });

  it('decides the same after its state was saved and loaded in the middle', () => {
    const windows = stream(3, [1, 4, 6], [0, 2, 3, 5]);
    const whole = run(new Watcher(watchDefaults), windows);
    for (let at = 0; at < windows.length; at++) {
      const before = new Watcher(watchDefaults);
      const start = run(before, windows.slice(0, at));
      const after = new Watcher(watchDefaults);
      after.load(JSON.parse(JSON.stringify(before.save())));
      expect([...start, ...run(after, windows.slice(at))]).toEqual(whole);
    }
  });
});

describe('scores', () => {
  const scores = Float32Array.of(1, 3, 2, 0, 5, 4);

  it('masked: only classes of the set are named', () => {
    expect([...predict(scores, 3)]).toEqual([1, 1]);
    expect([...predict(scores, 3, maskOf([0, 2], 3))]).toEqual([2, 2]);
    expect([...predict(scores, 3, maskOf([0], 3))]).toEqual([0, 0]);
  });

  it('corrected for other shares as the Bayes rule says', () => {
    const shift = priorShift([0.8, 0.1, 0.1], [1 / 3, 1 / 3, 1 / 3], 1e-3);
    // Posteriors times target / source, normalised, is the softmax of the shifted scores.
    const soft = (s: number[]) => s.map((v) => Math.exp(v) / s.reduce((a, b) => a + Math.exp(b), 0));
    const before = soft([1, 3, 2]);
    const weighted = before.map((p, c) => p * [0.8, 0.1, 0.1][c]! * 3);
    const sum = weighted.reduce((a, b) => a + b);
    soft([1, 3, 2].map((v, c) => v + shift[c]!)).forEach((p, c) => {
      expect(p).toBeCloseTo(weighted[c]! / sum, 6);
    });
  });
});
