import { describe, expect, it } from 'vitest';
import { hostRoundShiftSaturate } from '../../orchestrator/math/integer.ts';
import {
  draw,
  drawKey,
  lowerBound,
  type Rounding,
  roundShift,
  roundShiftSaturate,
  upperBound,
} from '../../orchestrator/precision/index.ts';

const WORDS = Array.from({ length: 13 }, (_, i) => i + 4);
const INPUTS = Array.from({ length: 1024 }, (_, i) => i - 512);

/** The definition in whole numbers, written another way: half-even by remainder, stochastic by the number of draws that reach up. */
function oracle(acc: number, shift: number, word: number, rounding: Rounding, added: number): number {
  const unit = 2 ** shift;
  const rest = ((acc % unit) + unit) % unit;
  const below = (acc - rest) / unit;
  let up = rest + added >= unit;
  if (rounding === 'nearest') up = 2 * rest > unit || (2 * rest === unit && below % 2 !== 0);
  const value = below + (up ? 1 : 0);
  return Math.max(-(2 ** (word - 1)), Math.min(2 ** (word - 1) - 1, value));
}

describe('the rounding unit', () => {
  it('is right for every 10-bit input, shift 0-11 and word, half to even, in TypeScript and C++', () => {
    let wrong = 0;
    const acc = Float64Array.from(INPUTS);
    for (const word of WORDS) {
      for (let shift = 0; shift <= 11; shift++) {
        const host = hostRoundShiftSaturate(acc, new Int32Array(acc.length).fill(shift), word);
        INPUTS.forEach((a, i) => {
          const expected = oracle(a, shift, word, 'nearest', 0);
          if (roundShiftSaturate(a, shift, word, 'nearest') !== expected || host[i] !== expected) wrong++;
        });
      }
    }
    expect(wrong).toBe(0);
  });

  it('is right for every 10-bit input and every draw that matters, stochastic', () => {
    let wrong = 0;
    for (let shift = 0; shift <= 10; shift++) {
      const values = 2 ** shift;
      const acc = new Float64Array(1024 * values);
      const draws = new Uint32Array(acc.length);
      for (let i = 0; i < acc.length; i++) {
        acc[i] = Math.floor(i / values) - 512;
        // The bits below the top `shift` are noise that must not count.
        draws[i] = (i % values) * 2 ** (32 - shift) + (shift === 0 ? i : (i * 2654435761) % 2 ** (32 - shift));
      }
      const shifts = new Int32Array(acc.length).fill(shift);
      const exact = Int16Array.from(acc, (a, i) => oracle(a, shift, 16, 'stochastic', i % values));
      for (const word of WORDS) {
        const host = hostRoundShiftSaturate(acc, shifts, word, draws);
        const [least, most] = [-(2 ** (word - 1)), 2 ** (word - 1) - 1];
        for (let i = 0; i < acc.length; i++) {
          const value = exact[i]!;
          const expected = Math.max(least, Math.min(most, value));
          if (host[i] !== expected) wrong++;
          if (word % 12 === 4 && roundShiftSaturate(acc[i]!, shift, word, 'stochastic', draws[i]!) !== expected)
            wrong++;
        }
      }
    }
    expect(wrong).toBe(0);
  });

  it('has no bias: the mean over all draws is the exact quotient', () => {
    for (const shift of [1, 5, 10]) {
      for (const acc of INPUTS) {
        let sum = 0;
        for (let d = 0; d < 2 ** shift; d++) sum += roundShift(acc, shift, 'stochastic', d * 2 ** (32 - shift));
        expect(sum).toBe(acc);
      }
    }
  });

  it('agrees with C++ on 47-bit sums and all shifts', () => {
    const count = 40_000;
    const key = drawKey(7, 'sums', 0);
    const acc = Float64Array.from({ length: count }, (_, i) => {
      const magnitude = (draw(key, 3 * i) * 2 ** 15 + (draw(key, 3 * i + 1) >>> 17)) / 2 ** (i % 40);
      return Math.trunc(i % 2 ? magnitude : -magnitude);
    });
    const shifts = Int32Array.from({ length: count }, (_, i) => i % 48);
    const draws = Uint32Array.from({ length: count }, (_, i) => (i % 97 === 0 ? 0xffffffff : draw(key, 3 * i + 2)));
    for (const rounding of ['nearest', 'stochastic'] as const) {
      const host = hostRoundShiftSaturate(acc, shifts, 12, rounding === 'stochastic' ? draws : undefined);
      const reference = Int16Array.from(acc, (a, i) => roundShiftSaturate(a, shifts[i]!, 12, rounding, draws[i]!));
      expect(Buffer.compare(Buffer.from(host.buffer), Buffer.from(reference.buffer))).toBe(0);
    }
  });

  it('saturates at the ends of the word', () => {
    for (const word of WORDS) {
      expect(roundShiftSaturate(2 ** 40, 1, word, 'nearest')).toBe(upperBound(word));
      expect(roundShiftSaturate(-(2 ** 40), 1, word, 'stochastic', 0xffffffff)).toBe(lowerBound(word));
    }
  });
});

describe('draws', () => {
  it('depend on seed, tensor, iteration and element', () => {
    const base = draw(drawKey(1, 'conv1.activations', 0), 5);
    const others = [
      draw(drawKey(2, 'conv1.activations', 0), 5),
      draw(drawKey(2 ** 40 + 1, 'conv1.activations', 0), 5),
      draw(drawKey(1, 'conv2.activations', 0), 5),
      draw(drawKey(1, 'conv1.activations', 1), 5),
      draw(drawKey(1, 'conv1.activations', 0), 6),
    ];
    expect(new Set([base, ...others]).size).toBe(6);
  });

  it('keep their values', () => {
    const key = drawKey(1, 'conv1.weights', 3);
    expect([...key, draw(key, 0), draw(key, 1), draw(key, 0xffffffff)]).toMatchInlineSnapshot(`
      [
        687784803,
        4241816292,
        181724257,
        609416174,
        1246256039,
      ]
    `);
  });

  it('are uniform and uncorrelated between neighbours, tensors and iterations', () => {
    const n = 1 << 16;
    const sequences = [drawKey(1, 'a', 0), drawKey(1, 'a', 1), drawKey(1, 'b', 0), drawKey(2, 'a', 0)].map((key) =>
      Float64Array.from({ length: n }, (_, i) => draw(key, i) / 2 ** 32 - 0.5),
    );
    const sigma = 1 / 12 / Math.sqrt(n); // of the mean product of independent uniforms
    const product = (a: Float64Array, b: Float64Array, lag: number) =>
      a.reduce((sum, v, i) => sum + v * b[(i + lag) % n]!, 0) / n;
    for (const [i, a] of sequences.entries()) {
      expect(Math.abs(a.reduce((s, v) => s + v, 0) / n)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
      for (const lag of [1, 2, 64, 1024]) expect(Math.abs(product(a, a, lag))).toBeLessThan(4.5 * sigma);
      for (const b of sequences.slice(i + 1)) expect(Math.abs(product(a, b, 0))).toBeLessThan(4.5 * sigma);
      const bins = new Float64Array(64);
      for (const v of a) bins[Math.floor((v + 0.5) * 64)]!++;
      const chi = bins.reduce((s, count) => s + (count - n / 64) ** 2 / (n / 64), 0);
      expect(chi).toBeLessThan(63 + 5 * Math.sqrt(2 * 63));
    }
  });
});
