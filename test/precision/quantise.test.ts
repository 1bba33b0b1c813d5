import { describe, expect, it } from 'vitest';
import { storedCount } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { reorder, setThreads } from '../../orchestrator/math/index.ts';
import { dequantiseTensor, extremes, quantiseTensor } from '../../orchestrator/math/quantise.ts';
import {
  accumulatorBias,
  delayedExponent,
  dequantise,
  drawKey,
  exponentOf,
  exponentOfMagnitude,
  lowerBound,
  NO_HISTORY,
  newStorage,
  observeMagnitude,
  outputScale,
  quantise,
  shiftOfMagnitude,
  storageView,
  upperBound,
} from '../../orchestrator/precision/index.ts';

const NCHW = { lanes: 1 };

function values(seed: number, count: number, spread = 1): Float32Array {
  const random = new RandomStream(seed, 'values');
  return Float32Array.from({ length: count }, () => {
    const kind = random.integer(12);
    if (kind === 0) return 0;
    if (kind === 1) return Math.round(random.normal() * 8) / 2 / 16; // ties
    if (kind === 2) return random.normal() * 2 ** -(20 + random.integer(120)); // underflows and denormals
    return random.normal() * spread;
  });
}

/** Equal bytes; a deep comparison of large arrays takes minutes. */
const same = (a: ArrayBufferView, b: ArrayBufferView) =>
  Buffer.compare(
    Buffer.from(a.buffer, a.byteOffset, a.byteLength),
    Buffer.from(b.buffer, b.byteOffset, b.byteLength),
  ) === 0;

const range = (x: Float32Array) =>
  [x.reduce((a, v) => Math.min(a, v), 0), x.reduce((a, v) => Math.max(a, v), 0)] as const;

describe('exponents', () => {
  it('follow the scale rule on hand cases', () => {
    expect(exponentOf(0, 127.5, 8)).toBe(0);
    expect(exponentOf(0, 127.6, 8)).toBe(1);
    expect(exponentOf(-128.5, 0, 8)).toBe(0);
    expect(exponentOf(-128.6, 0, 8)).toBe(1);
    expect(exponentOf(-1, 0.5, 8)).toBe(-7);
    expect(exponentOf(-1, 1, 8)).toBe(-6);
    expect(exponentOfMagnitude(1, 8)).toBe(-6);
    expect(exponentOf(0, 0, 8)).toBe(0);
    expect(exponentOf(0, 1e-45, 8)).toBe(-126);
    expect(exponentOf(0, 3.4e38, 16)).toBe(113);
    expect(() => exponentOf(0, Number.NaN, 8)).toThrow(/no exponent/);
  });

  it('are the smallest that hold the values', () => {
    for (let i = 0; i < 3000; i++) {
      const random = new RandomStream(2, i);
      const word = 4 + random.integer(13);
      const most = random.uniform() * 2 ** (random.integer(60) - 30);
      const least = -random.uniform() * 2 ** (random.integer(60) - 30);
      const e = exponentOf(least, most, word);
      const fits = (x: number) => most * 2 ** -x <= upperBound(word) + 0.5 && least * 2 ** -x >= lowerBound(word) - 0.5;
      expect(fits(e) && !fits(e - 1)).toBe(true);
    }
  });

  it('may be delayed: running maximum and margin', () => {
    expect(delayedExponent(NO_HISTORY, 8, 1)).toBeUndefined();
    let state = NO_HISTORY;
    for (const m of [9, 1, 2]) state = observeMagnitude(state, m, 2);
    expect(state).toEqual({ magnitudes: [2, 1] });
    expect(delayedExponent(state, 8, 0)).toBe(exponentOfMagnitude(2, 8));
    expect(delayedExponent(state, 8, 1)).toBe(exponentOfMagnitude(4, 8));
  });

  it('turn sums into shifts', () => {
    expect(shiftOfMagnitude(127, 8)).toBe(0);
    expect(shiftOfMagnitude(128, 8)).toBe(1);
    expect(shiftOfMagnitude(255, 8)).toBe(1);
    expect(shiftOfMagnitude(256, 8)).toBe(2);
    expect(outputScale(-14, -7)).toEqual({ shift: 7, exponent: -7 });
    expect(outputScale(-14, -20)).toEqual({ shift: 0, exponent: -14 });
    expect(() => outputScale(-200, -126)).toThrow(/exponent/);
  });
});

describe('the reference quantiser', () => {
  it('is idempotent, errs by less than 2^e, stays in the word', () => {
    for (let word = 4; word <= 16; word++) {
      const x = values(word, 400, 3);
      const exponent = exponentOf(...range(x), word);
      const request = { format: { word, exponent }, rounding: 'nearest' } as const;
      const { data, statistics } = quantise(x, request);
      const back = dequantise(data, exponent);
      expect(quantise(back, request).data).toEqual(data);
      data.forEach((q, i) => {
        expect(q).toBeGreaterThanOrEqual(lowerBound(word));
        expect(q).toBeLessThanOrEqual(upperBound(word));
        expect(Math.abs(back[i]! - x[i]!)).toBeLessThanOrEqual(
          2 ** exponent / 2 + (statistics.saturated > 0 ? 2 ** exponent / 2 : 0),
        );
      });
      const noisy = quantise(x, { ...request, rounding: 'stochastic', key: drawKey(1, 'x', word) });
      noisy.data.forEach((q, i) => {
        if (q < upperBound(word)) expect(Math.abs(q * 2 ** exponent - x[i]!)).toBeLessThan(2 ** exponent);
      });
    }
  });

  it('has an error of mean zero under stochastic rounding, within 4 sigma', () => {
    const n = 50_000;
    for (const fraction of [0.03, 0.25, 0.5, 0.9]) {
      const x = new Float32Array(n).fill(3 + fraction);
      const { data } = quantise(x, {
        format: { word: 8, exponent: 0 },
        rounding: 'stochastic',
        key: drawKey(5, 'mean', 0),
      });
      const mean = Array.from(data).reduce((s, q) => s + q, 0) / n;
      expect(Math.abs(mean - x[0]!)).toBeLessThan(4 * Math.sqrt((fraction * (1 - fraction)) / n));
    }
  });

  it('counts saturations and underflows', () => {
    const x = Float32Array.of(0, 0.2, -0.2, 127.4, 127.6, -128.6, 1e9);
    const { data, statistics } = quantise(x, { format: { word: 8, exponent: 0 }, rounding: 'nearest' });
    expect([...data]).toEqual([0, 0, 0, 127, 127, -128, 127]);
    expect(statistics).toEqual({ least: Math.fround(-128.6), most: 1e9, saturated: 3, underflowed: 2 });
  });

  it('brings a bias to the scale of the sums', () => {
    expect([...accumulatorBias([0.5, -0.25, 1e30], -4)]).toEqual([8, -4, 2 ** 46 - 1]);
  });
});

describe('the host quantiser', () => {
  const shapes = [
    ...[
      [1, 1, 1, 1],
      [3, 2, 5, 7],
      [8, 3, 4, 4],
      [17, 5, 3, 9],
      [33, 1, 1, 130],
    ],
    ...[
      [64, 2, 9, 11],
      [70, 3, 10, 11],
      [2, 1, 1, 9001],
      [0, 3, 2, 2],
      [5, 0, 2, 2],
    ],
  ];

  it('equals the reference bit for bit in every layout, word, rounding and number of threads', () => {
    let cases = 0;
    for (const [i, shape] of shapes.entries()) {
      const count = shape.reduce((a, b) => a * b, 1);
      const x = values(i, count, 2 ** (i - 3));
      for (const lanes of [1, 8, 16, 32, 64]) {
        for (const word of [4 + ((i + lanes) % 5), 9 + ((i + lanes) % 8)]) {
          for (const rounding of ['nearest', 'stochastic'] as const) {
            setThreads(1 + (cases % 3));
            const exponent = exponentOf(...range(x), word) - (cases % 3 === 0 ? 1 : 0);
            const key = drawKey(cases, 'x', 1);
            const want = quantise(x, { format: { word, exponent }, rounding, key });
            const layout = { lanes };
            const tensor = { shape, layout, word, exponents: Int32Array.of(exponent) };
            const stored = storedCount(shape, layout);
            const q = newStorage(word, stored).fill(-3);
            const counts = quantiseTensor(x, NCHW, q, tensor, rounding === 'stochastic' ? key : undefined);
            expect(counts).toEqual(want.statistics);
            const back = new Float32Array(count);
            dequantiseTensor(q, tensor, back, NCHW);
            expect(same(back, dequantise(want.data, exponent))).toBe(true);
            if (lanes === 8 || lanes === 16) {
              // From blocked floats with rubbish in the padding lanes: the same integers.
              const blocked = new Float32Array(stored);
              reorder(x, NCHW, blocked, layout, shape);
              const rest = count / Math.max(1, shape[0]!);
              for (let j = 0; j < stored; j++) {
                const image = Math.floor(j / (rest * lanes)) * lanes + (j % lanes);
                if (image >= shape[0]!) blocked[j] = 1e6;
              }
              const again = newStorage(word, stored).fill(5);
              expect(
                quantiseTensor(blocked, layout, again, tensor, rounding === 'stochastic' ? key : undefined),
              ).toEqual(want.statistics);
              expect(same(again, q)).toBe(true);
              const floats = new Float32Array(stored);
              dequantiseTensor(q, tensor, floats, layout);
              reorder(floats, layout, back, NCHW, shape);
              expect(same(back, dequantise(want.data, exponent))).toBe(true);
              expect(extremes(blocked, { shape, layout })).toEqual(
                count ? Float32Array.from(range(x)) : new Float32Array(count === 0 && rest === 0 ? 0 : 2),
              );
            }
            cases++;
          }
        }
      }
    }
    expect(cases).toBe(shapes.length * 20);
  });

  it('takes an exponent per channel block', () => {
    const shape = [19, 6, 5, 3];
    const x = values(4, 19 * 90).map((v, i) => v * 2 ** (Math.floor(i / 30) % 3));
    const layout = { lanes: 16 };
    const group = 2 * 15; // two channels
    const blocked = new Float32Array(storedCount(shape, layout));
    reorder(x, NCHW, blocked, layout, shape);
    const found = extremes(blocked, { shape, layout, group });
    expect(extremes(x, { shape, layout: NCHW, group })).toEqual(found);
    const exponents = Int32Array.from({ length: 3 }, (_, g) => exponentOf(found[2 * g]!, found[2 * g + 1]!, 8));
    const q = new Int8Array(blocked.length);
    const tensor = { shape, layout, word: 8, exponents, group };
    const key = drawKey(1, 'blocks', 0);
    quantiseTensor(x, NCHW, q, tensor, key);
    const back = new Float32Array(x.length);
    dequantiseTensor(q, tensor, back, NCHW);
    exponents.forEach((exponent, g) => {
      const want = dequantise(
        quantise(x, { format: { word: 8, exponent }, rounding: 'stochastic', key }).data,
        exponent,
      );
      const inGroup = (v: Float32Array) => v.filter((_, i) => Math.floor((i % 90) / group) === g);
      expect(inGroup(back)).toEqual(inGroup(want));
    });
  });

  it('adds into the target where asked, and shows values that are not finite', () => {
    const tensor = { shape: [4], layout: NCHW, word: 8, exponents: Int32Array.of(0) };
    const target = Float32Array.of(1, 1, 1, 1);
    dequantiseTensor(Int8Array.of(1, 2, 3, -4), tensor, target, NCHW, true);
    expect([...target]).toEqual([2, 3, 4, -3]);
    const q = storageView(new Float32Array(1), 8, 4) as Int8Array;
    const counts = quantiseTensor(Float32Array.of(1, Number.NaN, 0, Number.NEGATIVE_INFINITY), NCHW, q, tensor);
    expect(Number.isFinite(counts.most) && Number.isFinite(counts.least)).toBe(false);
  });

  it('refuses wrong storage, too little memory, exponents out of range', () => {
    const tensor = { shape: [4], layout: NCHW, word: 8, exponents: Int32Array.of(0) };
    const x = new Float32Array(4);
    expect(() => quantiseTensor(x, NCHW, new Int8Array(4), { ...tensor, word: 12 })).toThrow(/storage/);
    expect(() => quantiseTensor(x, NCHW, new Int8Array(3), tensor)).toThrow(/memory/);
    expect(() => quantiseTensor(x, NCHW, new Int8Array(4), { ...tensor, exponents: Int32Array.of(127) })).toThrow(
      /126/,
    );
    expect(() => quantiseTensor(x, NCHW, new Int8Array(4), { ...tensor, layout: { lanes: 4 } })).toThrow(/lanes/);
  });
});
