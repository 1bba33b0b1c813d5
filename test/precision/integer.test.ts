import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { setThreads } from '../../orchestrator/math/index.ts';
import { hostBiasSums, hostIntegerSums, hostOutputUnit } from '../../orchestrator/math/integer.ts';
import {
  accumulatorBits,
  biasSums,
  checkAccumulator,
  convolutionShape,
  drawKey,
  type IntegerPass,
  type IntegerShape,
  innerProductShape,
  inputCount,
  integerSums,
  lowerBound,
  newStorage,
  outputCount,
  outputUnit,
  reductionLength,
  requireAccumulator,
  type Storage,
  shiftOfMagnitude,
  upperBound,
  weightCount,
} from '../../orchestrator/precision/index.ts';

const PASSES: readonly IntegerPass[] = ['forward', 'backwardData', 'backwardWeights'];

function randomShape(random: RandomStream): IntegerShape {
  const between = (least: number, most: number) => least + random.integer(most - least + 1);
  if (random.integer(5) === 0) return innerProductShape(between(1, 9), between(1, 40), between(1, 12));
  const groups = [1, 1, 1, 2, 3][random.integer(5)]!;
  const [kernelH, kernelW] = [between(1, 4), between(1, 4)];
  const [dilationH, dilationW] = [between(1, 2), between(1, 2)];
  return convolutionShape({
    batch: between(1, 5),
    groups,
    channels: groups * between(1, 3),
    height: dilationH * (kernelH - 1) + between(1, 6),
    width: dilationW * (kernelW - 1) + between(1, 6),
    outputs: groups * between(1, 4),
    kernelH,
    kernelW,
    strideH: between(1, 5),
    strideW: between(1, 3),
    padH: between(0, kernelH),
    padW: between(0, kernelW),
    dilationH,
    dilationW,
  });
}

function randomWords(random: RandomStream, word: number, count: number): Storage {
  const data = newStorage(word, count);
  const span = upperBound(word) - lowerBound(word) + 1;
  for (let i = 0; i < count; i++) {
    const extreme = random.integer(8);
    data[i] =
      extreme === 0 ? upperBound(word) : extreme === 1 ? lowerBound(word) : lowerBound(word) + random.integer(span);
  }
  return data;
}

/** One random case: sums and output unit of a pass by both implementations. */
function differs(index: number): boolean {
  const random = new RandomStream(11, 'integer cases', index * 4096);
  const shape = randomShape(random);
  const pass = PASSES[index % 3]!;
  const [wordA, wordB, wordC] = [0, 0, 0].map(() => 4 + random.integer(13)) as [number, number, number];
  const weights = weightCount(shape);
  const output = outputCount(shape);
  const [left, right] = {
    forward: [weights, inputCount(shape)],
    backwardData: [weights, output],
    backwardWeights: [output, inputCount(shape)],
  }[pass] as [number, number];
  const a = randomWords(random, wordA, left);
  const b = randomWords(random, wordB, right);
  const reference = integerSums(pass, shape, a, b);
  const host = hostIntegerSums(pass, shape, a, b);
  if (!Buffer.from(reference.buffer).equals(Buffer.from(host.buffer))) return true;

  const rows = pass === 'forward' ? shape.outputs : 1;
  const inner = pass === 'forward' ? shape.outHeight * shape.outWidth : 1;
  const bias =
    pass === 'forward' && random.integer(2)
      ? Float64Array.from({ length: rows }, () => random.integer(2001) - 1000)
      : undefined;
  const exact = shiftOfMagnitude(
    reference.reduce((m, v) => Math.max(m, Math.abs(v)), 0),
    wordC,
  );
  // Sometimes too small a shift, so that it saturates.
  const shifts = Int32Array.from({ length: rows }, () => Math.max(0, exact - random.integer(3)));
  const rounding = random.integer(2) ? 'stochastic' : 'nearest';
  const key = drawKey(index, pass, index);
  const relu = random.integer(2) === 1;
  const want = outputUnit(reference, rows, inner, { word: wordC, shift: [...shifts], rounding, key, bias, relu });
  const got = newStorage(wordC, reference.length);
  const counts = hostOutputUnit(
    host,
    inner,
    { word: wordC, shifts, bias, relu, key: rounding === 'stochastic' ? key : undefined },
    got,
  );
  return (
    Buffer.compare(Buffer.from(want.data.buffer), Buffer.from(got.buffer)) !== 0 ||
    JSON.stringify(counts) !== JSON.stringify(want.statistics)
  );
}

describe('integer passes', () => {
  it('are equal in TypeScript and C++ on 2,100 random cases: W 4-16, three passes, groups, strides, dilation, both roundings', () => {
    const wrong: number[] = [];
    for (let i = 0; i < 2100; i++) {
      if (i % 700 === 0) setThreads(1 + (i / 700) * 2);
      if (differs(i)) wrong.push(i);
    }
    expect(wrong).toEqual([]);
  });

  it('give a hand-made convolution', () => {
    const shape = convolutionShape({
      ...{ batch: 1, groups: 1, channels: 1, height: 3, width: 3, outputs: 1 },
      ...{ kernelH: 2, kernelW: 2, strideH: 1, strideW: 1, padH: 0, padW: 0, dilationH: 1, dilationW: 1 },
    });
    const input = Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    const weights = Int8Array.of(1, 0, 0, -1);
    const gradient = Int8Array.of(1, 2, 3, 4);
    expect([...integerSums('forward', shape, weights, input)]).toEqual([-4, -4, -4, -4]);
    expect([...integerSums('backwardData', shape, weights, gradient)]).toEqual([1, 2, 0, 3, 3, -2, 0, -3, -4]);
    expect([...integerSums('backwardWeights', shape, gradient, input)]).toEqual([37, 47, 67, 77]);
  });

  it('sum the bias gradient alike', () => {
    const shape = { ...innerProductShape(3, 2, 5), outHeight: 2, outWidth: 3 };
    const gradient = randomWords(new RandomStream(3, 'bias'), 12, outputCount(shape));
    expect(hostBiasSums(gradient, 3, 5, 6)).toEqual(biasSums(shape, gradient));
  });
});

describe('the accumulator', () => {
  it('follows the rule 2(W-1) + ceil(log2 K) + 1', () => {
    expect(accumulatorBits(8, 8, 4608)).toBe(28);
    expect(accumulatorBits(8, 8, 128 * 32 * 32)).toBe(32);
    expect(accumulatorBits(12, 12, 128 * 32 * 32)).toBe(40);
    expect(accumulatorBits(16, 16, 128 * 32 * 32)).toBe(48);
    expect(accumulatorBits(8, 12, 1)).toBe(19);
  });

  it('refuses unsafe pairs with the reason', () => {
    expect(checkAccumulator(16, 16, 2 ** 17).fits).toBe(true);
    expect(checkAccumulator(16, 16, 2 ** 17 + 1)).toEqual({
      fits: false,
      bits: 49,
      reason: "131073 products of 16 × 16 bits need 49 bits, more than the accumulator's 48",
    });
    expect(() => requireAccumulator('conv1 > backwardWeights', 16, 16, 256 * 55 * 55)).toThrow(
      /conv1 > backwardWeights.*need 51 bits/,
    );
  });

  it('counts the products of every pass', () => {
    const shape = convolutionShape({
      ...{ batch: 4, groups: 2, channels: 6, height: 8, width: 8, outputs: 10 },
      ...{ kernelH: 3, kernelW: 3, strideH: 1, strideW: 1, padH: 1, padW: 1, dilationH: 1, dilationW: 1 },
    });
    expect(PASSES.map((pass) => reductionLength(shape, pass))).toEqual([27, 45, 256]);
  });
});
