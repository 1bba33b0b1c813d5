import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RandomStream } from '../../orchestrator/core/index.ts';
import { relativeError, runLayer } from './run.ts';

/** Few distinct values, so that maxima tie often. */
const ties = (random: RandomStream) => random.integer(4) - 1.5;

interface Window {
  size: [number, number];
  kernel: [number, number];
  stride: [number, number];
  pad: [number, number];
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const windows: fc.Arbitrary<Window> = fc
  .record({ size: pair(1, 13), kernel: pair(1, 5), stride: pair(1, 4), pad: pair(0, 2) })
  .filter((g) => [0, 1].every((i) => g.pad[i]! < g.kernel[i]! && g.size[i]! + 2 * g.pad[i]! >= g.kernel[i]!));

const text = (g: Window, pool: string) => `type: "Pooling" pooling_param { pool: ${pool}
  kernel_h: ${g.kernel[0]} kernel_w: ${g.kernel[1]} stride_h: ${g.stride[0]} stride_w: ${g.stride[1]}
  pad_h: ${g.pad[0]} pad_w: ${g.pad[1]} }`;

/** Caffe's loops, for one plane: the list of input places of each window and its area within the padded input. */
function windowsOf(g: Window, out: readonly number[]): { places: number[]; area: number }[] {
  const list = [];
  for (let p = 0; p < out[2]! * out[3]!; p++) {
    const start = [Math.floor(p / out[3]!), p % out[3]!].map((o, i) => o * g.stride[i]! - g.pad[i]!);
    const end = start.map((s, i) => Math.min(s + g.kernel[i]!, g.size[i]! + g.pad[i]!));
    const places = [];
    for (let h = Math.max(0, start[0]!); h < Math.min(end[0]!, g.size[0]); h++)
      for (let w = Math.max(0, start[1]!); w < Math.min(end[1]!, g.size[1]); w++) places.push(h * g.size[1] + w);
    list.push({ places, area: (end[0]! - start[0]!) * (end[1]! - start[1]!) });
  }
  return list;
}

describe('Pooling against its definition, in every layout', () => {
  for (const [pool, lanes, batch] of [
    ['MAX', 1, 3],
    ['MAX', 8, 3],
    ['MAX', 16, 17],
    ['AVE', 1, 3],
    ['AVE', 8, 9],
    ['AVE', 16, 3],
  ] as const) {
    it(`${pool}, ${lanes} lanes`, () => {
      fc.assert(
        fc.property(windows, (g) => {
          const run = runLayer(text(g, pool), [[batch, 3, ...g.size]], { layout: { lanes }, value: ties });
          const list = windowsOf(g, run.topShape);
          const plane = g.size[0] * g.size[1];
          const top = new Float64Array(run.topDiff.length);
          const dx = new Float64Array(run.bottoms[0]!.length);
          for (let o = 0; o < top.length; o++) {
            const { places, area } = list[o % list.length]!;
            const at = Math.floor(o / list.length) * plane;
            if (pool === 'AVE') {
              for (const i of places) top[o]! += run.bottoms[0]![at + i]! / area;
              for (const i of places) dx[at + i]! += run.topDiff[o]! / area;
            } else {
              // The first of equals in reading order; an empty window has the least float.
              const best = places.reduce(
                (a, b) => (a >= 0 && run.bottoms[0]![at + a]! >= run.bottoms[0]![at + b]! ? a : b),
                -1,
              );
              top[o] = best < 0 ? -3.4028234663852886e38 : run.bottoms[0]![at + best]!;
              if (best >= 0) dx[at + best]! += run.topDiff[o]!;
            }
          }
          expect(relativeError(run.tops[0]!, top)).toBeLessThan(pool === 'MAX' ? 1e-12 : 1e-6);
          expect(relativeError(run.bottomDiffs[0]!, dx)).toBeLessThan(1e-6);
        }),
        { numRuns: 40, seed: 11 },
      );
    });
  }

  it('gives the place of each maximum as a second top', () => {
    const run = runLayer('type: "Pooling" top: "t" top: "m" pooling_param { kernel_size: 2 stride: 2 }', [
      [2, 2, 5, 4],
    ]);
    const [, mask] = run.tops;
    for (const [i, value] of run.tops[0]!.entries())
      expect(run.bottoms[0]![Math.floor(i / 6) * 20 + mask![i]!]).toBe(value);
  });
});

describe('stochastic pooling', () => {
  const text = 'type: "Pooling" pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }';
  const positive = (random: RandomStream) => random.uniform();
  it('picks elements in proportion to their values, the same in every layout', () => {
    const run = runLayer(text, [[9, 4, 20, 20]], { value: positive });
    const blocked = runLayer(text, [[9, 4, 20, 20]], { value: positive, layout: { lanes: 8 } });
    expect(blocked.tops[0]!).toEqual(run.tops[0]!);
    const mean = run.tops[0]!.reduce((a, b) => a + b, 0) / run.tops[0]!.length;
    expect(mean).toBeGreaterThan(0.6); // the expected value Σx²/Σx is near 2/3 for uniform numbers, their mean 1/2
    expect(mean).toBeLessThan(0.72);
  });
  it('takes the weighted mean in TEST', () => {
    const run = runLayer(text, [[1, 1, 2, 2]], { value: positive, phase: 'TEST' });
    const x = [...run.bottoms[0]!];
    const expected = x.reduce((s, v) => s + v * v, 0) / x.reduce((s, v) => s + v, 0);
    expect(run.tops[0]![0]).toBeCloseTo(expected, 6);
  });
});
