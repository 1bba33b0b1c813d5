import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relativeError, runLayer } from './run.ts';

interface Geometry {
  batch: number;
  group: number;
  channels: number;
  outputs: number;
  size: [number, number];
  kernel: [number, number];
  stride: [number, number];
  pad: [number, number];
  dilation: number;
  bias: boolean;
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const geometries: fc.Arbitrary<Geometry> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    group: fc.integer({ min: 1, max: 3 }),
    channels: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 9 }),
    size: pair(1, 20),
    kernel: pair(1, 5),
    stride: pair(1, 6),
    pad: pair(0, 4),
    dilation: fc.integer({ min: 1, max: 3 }),
    bias: fc.boolean(),
  })
  .filter((g) => [0, 1].every((i) => g.size[i]! + 2 * g.pad[i]! >= g.dilation * (g.kernel[i]! - 1) + 1));

const text = (g: Geometry, type: string) => `type: "${type}" convolution_param {
  num_output: ${g.outputs * g.group} group: ${g.group} bias_term: ${g.bias} dilation: ${g.dilation}
  kernel_h: ${g.kernel[0]} kernel_w: ${g.kernel[1]} stride_h: ${g.stride[0]} stride_w: ${g.stride[1]}
  pad_h: ${g.pad[0]} pad_w: ${g.pad[1]} }`;

/** Calls visit for every product of a convolution: flat places in image, weights and output. */
function products(g: Geometry, out: readonly number[], visit: (x: number, w: number, y: number) => void): void {
  const [H, W] = g.size;
  const [OH, OW] = [out[2]!, out[3]!];
  const [KH, KW] = g.kernel;
  for (let n = 0; n < g.batch; n++)
    for (let o = 0; o < g.outputs * g.group; o++)
      for (let c = 0; c < g.channels; c++)
        for (let i = 0; i < KH * KW; i++) {
          const image = (n * g.group + Math.floor(o / g.outputs)) * g.channels + c;
          const weight = (o * g.channels + c) * KH * KW + i;
          for (let oh = 0; oh < OH; oh++) {
            const h = oh * g.stride[0] - g.pad[0] + Math.floor(i / KW) * g.dilation;
            if (h < 0 || h >= H) continue;
            for (let ow = 0; ow < OW; ow++) {
              const w = ow * g.stride[1] - g.pad[1] + (i % KW) * g.dilation;
              if (w < 0 || w >= W) continue;
              visit((image * H + h) * W + w, weight, ((n * g.outputs * g.group + o) * OH + oh) * OW + ow);
            }
          }
        }
}

describe('Convolution against its definition', () => {
  it('agrees forward and backward for odd shapes', () => {
    fc.assert(
      fc.property(geometries, (g) => {
        const run = runLayer(text(g, 'Convolution'), [[g.batch, g.channels * g.group, ...g.size]]);
        const plane = run.topShape[2]! * run.topShape[3]!;
        const channel = (y: number) => Math.floor(y / plane) % (g.outputs * g.group);
        const top = Float64Array.from(run.topDiff, (_, y) => (g.bias ? run.params[1]![channel(y)]! : 0));
        const [x, w, dy] = [run.bottoms[0]!, run.params[0]!, run.topDiff];
        const dx = new Float64Array(x.length);
        const dw = new Float64Array(w.length);
        products(g, run.topShape, (i, k, o) => {
          top[o]! += x[i]! * w[k]!;
          dx[i]! += dy[o]! * w[k]!;
          dw[k]! += dy[o]! * x[i]!;
        });
        expect(relativeError(run.tops[0]!, top)).toBeLessThan(2e-6);
        expect(relativeError(run.bottomDiffs[0]!, dx)).toBeLessThan(2e-6);
        expect(relativeError(run.paramDiffs[0]!, dw)).toBeLessThan(2e-6);
        if (!g.bias) return;
        const db = new Float64Array(g.outputs * g.group);
        for (const [y, v] of dy.entries()) db[channel(y)]! += v;
        expect(relativeError(run.paramDiffs[1]!, db)).toBeLessThan(2e-6);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('has several pieces of depth, columns and rows', () => {
    const g: Geometry = { batch: 2, group: 1, channels: 40, outputs: 101, size: [23, 21], kernel: [3, 3], stride: [1, 1], pad: [1, 1], dilation: 1, bias: true }; // biome-ignore format: one case
    const run = runLayer(text(g, 'Convolution'), [[2, 40, 23, 21]]);
    const top = Float64Array.from(run.topDiff, (_, y) => run.params[1]![Math.floor(y / 483) % 101]!);
    const dw = new Float64Array(run.params[0]!.length);
    const [x, w, dy] = [run.bottoms[0]!, run.params[0]!, run.topDiff];
    products(g, run.topShape, (i, k, o) => {
      top[o]! += x[i]! * w[k]!;
      dw[k]! += dy[o]! * x[i]!;
    });
    expect(relativeError(run.tops[0]!, top)).toBeLessThan(3e-6);
    expect(relativeError(run.paramDiffs[0]!, dw)).toBeLessThan(3e-6);
  });

  it('is the transpose of Deconvolution', () => {
    // <conv(x), y> = <x, deconv(y)> with the same weights.
    const settings = 'num_output: 4 kernel_size: 3 stride: 2 pad: 1 bias_term: false';
    const conv = runLayer(`type: "Convolution" convolution_param { ${settings} }`, [[2, 3, 9, 11]]);
    const deconv = runLayer(`type: "Deconvolution" convolution_param { ${settings.replace('4', '3')} }`, [
      conv.topShape,
    ]);
    expect(deconv.topShape).toEqual([2, 3, 9, 11]);
    expect(Buffer.compare(Buffer.from(deconv.params[0]!.buffer), Buffer.from(conv.params[0]!.buffer))).toBe(0);
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
    expect(dot(conv.tops[0]!, deconv.bottoms[0]!)).toBeCloseTo(dot(conv.bottoms[0]!, deconv.tops[0]!), 3);
  });

  it('takes outputs of no size and inputs of no image', () => {
    const none = 'type: "Convolution" convolution_param { num_output: 2 kernel_size: 9 bias_term: false }';
    expect(runLayer(none, [[1, 3, 8, 8]]).topShape).toEqual([1, 2, 0, 0]);
    const run = runLayer('type: "Convolution" convolution_param { num_output: 2 kernel_size: 3 }', [[0, 3, 8, 8]]);
    expect(run.topShape).toEqual([0, 2, 6, 6]);
  });
});
