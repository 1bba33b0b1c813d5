import { describe, expect, it } from 'vitest';
import { storedCount } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { dequantiseTensor } from '../../orchestrator/math/quantise.ts';
import {
  delayedExponent,
  drawKey,
  type ExponentState,
  exponentGroup,
  exponentOf,
  exponentOfMagnitude,
  NO_HISTORY,
  quantise,
  quantiseAcross,
  type TensorRule,
} from '../../orchestrator/precision/index.ts';

const NCHW = { lanes: 1 };
const LANES = { lanes: 8 };
const shape = [5, 20, 3, 3];
const exact: TensorRule = { word: 8, rounding: 'stochastic', exponents: { kind: 'exact' } };
const key = drawKey(1, 'conv1.activations', 7);

function tensor(seed: number, scale = 1): Float32Array {
  const random = new RandomStream(seed, 'tensor');
  return Float32Array.from({ length: 5 * 180 }, () => scale * random.normal());
}

const target = () => new Int8Array(storedCount(shape, LANES));

describe('the boundary to the card', () => {
  it('takes exact exponents and equals the reference', () => {
    const x = tensor(1);
    const q = target();
    const { exponents, counts, state } = quantiseAcross('x', x, NCHW, q, LANES, shape, exact, key, NO_HISTORY);
    const exponent = exponentOf(Math.min(...x), Math.max(...x), 8);
    expect([...exponents]).toEqual([exponent]);
    const want = quantise(x, { format: { word: 8, exponent }, rounding: 'stochastic', key });
    expect(counts).toEqual(want.statistics);
    expect(state).toEqual({ magnitudes: [] });
  });

  it('takes delayed exponents: the first use is exact, later ones look back, and saturation shows', () => {
    const delayed: TensorRule = {
      ...exact,
      rounding: 'nearest',
      exponents: { kind: 'delayed', history: 2, margin: 1 },
    };
    let state: ExponentState = NO_HISTORY;
    const use = (x: Float32Array) => {
      const before = state;
      const answer = quantiseAcross('x', x, NCHW, target(), LANES, shape, delayed, key, state);
      state = answer.state;
      return { ...answer, expected: delayedExponent(before, 8, 1) };
    };
    const first = tensor(1);
    const magnitude = first.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    expect(use(first).expected).toBeUndefined();
    expect(state.magnitudes).toEqual([magnitude]);
    const second = use(tensor(2));
    expect([...second.exponents]).toEqual([exponentOfMagnitude(2 * magnitude, 8)]);
    expect(second.counts.saturated).toBe(0);
    expect(use(tensor(3, 64)).counts.saturated).toBeGreaterThan(0);
    expect(use(tensor(3, 64)).counts.saturated).toBe(0);
    expect(state.magnitudes.length).toBe(2);
  });

  it('takes an exponent per channel block, the last one shorter', () => {
    const x = tensor(4).map((v, i) => v * 2 ** -(Math.floor(i / 9) % 20));
    const rule: TensorRule = { ...exact, rounding: 'nearest', channelBlock: 8 };
    const q = target();
    const { exponents } = quantiseAcross('x', x, NCHW, q, LANES, shape, rule, key, NO_HISTORY);
    expect(exponents.length).toBe(3);
    const back = new Float32Array(x.length);
    const group = exponentGroup(shape, 8)!;
    dequantiseTensor(q, { shape, layout: LANES, word: 8, exponents, group }, back, NCHW);
    x.forEach((v, i) => {
      const unit = 2 ** exponents[Math.floor((i % 180) / group)]!;
      expect(Math.abs(back[i]! - v)).toBeLessThanOrEqual(unit);
    });
  });

  it('ends a run that diverged, and says where', () => {
    const x = tensor(1);
    x[17] = Number.NaN;
    const run = (rule: TensorRule, state: ExponentState) => () =>
      quantiseAcross('conv1.activations', x, NCHW, target(), LANES, shape, rule, key, state);
    expect(run(exact, NO_HISTORY)).toThrow(/conv1.activations: a value is not finite/);
    const delayed: TensorRule = { ...exact, exponents: { kind: 'delayed', history: 2, margin: 1 } };
    expect(run(delayed, { magnitudes: [1] })).toThrow(/conv1.activations: a value is not finite/);
  });
});
