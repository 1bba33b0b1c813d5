import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accepts,
  type ConvolutionGeometry,
  describeOp,
  describePass,
  type InnerProductGeometry,
  type KernelRequest,
  loadManifest,
  splitRange,
} from '../../orchestrator/kernels/index.ts';

const convolution: ConvolutionGeometry = {
  kind: 'convolution',
  ...{ batch: 20, lanes: 16, channels: 4, height: 9, width: 8, outputs: 6, outHeight: 4, outWidth: 3 },
  kernel: [3, 4],
  stride: [2, 3],
  pad: [0, 1],
  dilation: [1, 1],
  groups: 2,
  bias: true,
};
const inner: InnerProductGeometry = {
  kind: 'inner-product',
  ...{ batch: 3, lanes: 8, inputs: 10, outputs: 7, transposed: true, bias: false },
};
const words = (bytes: Uint8Array) => new Uint32Array(bytes.buffer, bytes.byteOffset, 64);

describe('op descriptors', () => {
  it('lays out the words of hls/engine/descriptor.hpp', () => {
    const options = { accumulate: true, cOffset: 2 ** 33 + 5, rows: [1, 4] as const };
    expect([...words(describeOp(convolution, 'backwardWeights', options))].slice(0, 34)).toEqual([
      ...[0x414d5243, 1, 3, 3, 16, 20, 2, 32, 4, 9, 8, 6, 4, 3, 3, 4, 2, 3, 0, 1, 1, 1],
      ...[1, 4, 0, 2, 0, 0, 0, 0, 5, 2, 0, 0],
    ]);
    const w = words(describeOp(inner, 'forward'));
    expect([w[2], w[3], w[8], w[11], w[23], w[25]]).toEqual([4, 4, 10, 7, 7, 1]);
  });

  it('describes fixed point, and where each unit leaves its statistics', () => {
    const fixed = {
      ...({ elementBits: 16, words: { a: 12, b: 9, c: 16 }, shift: 11, rounding: 'stochastic' } as const),
      ...{ key: { low: 7, high: 2 ** 32 - 1 }, relu: true, statisticsOffset: 2 ** 32 + 8 },
    };
    const [first, second] = describePass(convolution, 'forward', { fixed, biasOffset: 5 }, 2).map(words);
    expect(first![3]).toBe(1 | 8);
    expect(first![7]).toBe(16);
    expect([...first!].slice(32, 44)).toEqual([5, 0, 12, 9, 16, 11, 1, 7, 2 ** 32 - 1, 8, 1, 0]);
    expect(second![41]).toBe(12);
    const only = describeOp(convolution, 'backwardWeights', { fixed: { ...fixed, relu: false, maximumOnly: true } });
    expect(words(only)[3]).toBe(1 | 64);
  });

  it('refuses fixed-point options that the engine does not define', () => {
    const fixed = {
      ...({ elementBits: 8, words: { a: 8, b: 8, c: 8 }, shift: 3, rounding: 'nearest' } as const),
      ...{ key: { low: 0, high: 0 }, statisticsOffset: 6 },
    };
    const op = (change: object, pass: 'forward' | 'backwardWeights' = 'forward', accumulate = false) =>
      describeOp(convolution, pass, { accumulate, fixed: { ...fixed, ...change } });
    expect(() => op({})).not.toThrow();
    expect(() => op({}, 'backwardWeights', true)).toThrow(/accumulate/);
    expect(() => op({ words: { a: 9, b: 8, c: 8 } })).toThrow(/9 bits/);
    expect(() => op({ shift: 48 })).toThrow(/48/);
    expect(() => op({ relu: true }, 'backwardWeights')).toThrow(/ReLU/);
    expect(() => op({ statisticsOffset: undefined })).toThrow(/statistics/);
  });

  it('asks for no bias in backward-data and for the bias alone where weights are frozen', () => {
    expect(words(describeOp(convolution, 'backwardData'))[3]).toBe(0);
    expect(words(describeOp(convolution, 'backwardWeights', { biasOnly: true }))[3]).toBe(1 | 16);
  });

  it('splits a pass so that every row and block is done once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 9 }), (total, parts) => {
        const ranges = splitRange(total, parts);
        expect(ranges[0]![0]).toBe(0);
        expect(ranges.at(-1)![1]).toBe(total);
        for (const [i, [begin, end]] of ranges.entries()) {
          expect(end).toBeGreaterThan(begin);
          if (i) expect(begin).toBe(ranges[i - 1]![1]);
        }
      }),
    );
    const data = describePass(convolution, 'backwardData', {}, 2).map(words);
    expect(data.map((w) => [w[22], w[23], w[24], w[25]])).toEqual([
      [0, 4, 0, 1],
      [0, 4, 1, 2],
    ]);
    const weights = describePass(convolution, 'backwardWeights', {}, 4).map(words);
    expect(weights.map((w) => [w[22], w[23], w[24], w[25]])).toEqual([
      [0, 1, 0, 2],
      [1, 3, 0, 2],
      [3, 4, 0, 2],
      [4, 6, 0, 2],
    ]);
  });
});

describe('what a bitstream accepts', () => {
  const manifest = loadManifest('u250', 'f32');
  const request: KernelRequest = {
    type: 'Convolution',
    bottoms: [[20, 4, 9, 8]],
    tops: [[20, 6, 4, 3]],
    bias: true,
    ...{ kernel: [3, 4], stride: [2, 3], pad: [0, 1], dilation: [1, 1], groups: 2 },
  };

  it('turns a layer into a geometry', () => {
    expect(accepts(manifest, request)).toEqual({ accepted: true, lanes: 16, geometries: [convolution] });
    expect(
      accepts(manifest, {
        type: 'InnerProduct',
        bottoms: [[3, 5, 2, 1]],
        tops: [[3, 7]],
        bias: false,
        transposed: true,
      }),
    ).toEqual({
      accepted: true,
      lanes: 8,
      geometries: [inner],
    });
  });

  it.each<[string, KernelRequest, RegExp]>([
    ['another type', { ...request, type: 'Pooling' }, /no kernel for Pooling/],
    ['three spatial axes', { ...request, bottoms: [[1, 2, 3, 4, 5]], kernel: [1, 1, 1] }, /2 spatial/],
    [
      'an inner product over axis 2',
      { type: 'InnerProduct', bottoms: [[2, 3, 4]], tops: [[2, 3, 5]], bias: true, axis: 2 },
      /axis 2/,
    ],
    ['a large kernel', { ...request, kernel: [300, 1] }, /kernel of 300/],
    ['an empty batch', { ...request, bottoms: [[0, 4, 9, 8]], tops: [[0, 6, 4, 3]] }, /empty/],
    ['a huge operand', { ...request, bottoms: [[1, 4, 60000, 60000]] }, /larger than/],
  ])('refuses %s with the reason', (_, layer, reason) => {
    const verdict = accepts(manifest, layer);
    expect(verdict.accepted ? '' : verdict.reason).toMatch(reason);
  });
});
