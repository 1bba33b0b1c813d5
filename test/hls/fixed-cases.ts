// Random fixed-point ops, what the TypeScript reference and the host library make of them, and the same through an engine.
import { RandomStream } from '../../orchestrator/core/index.ts';
import {
  describePass,
  type FixedOptions,
  type Geometry,
  passShape,
  STATISTICS_ELEMENTS,
} from '../../orchestrator/kernels/index.ts';
import { hostBiasSums, hostIntegerSums, hostOutputUnit } from '../../orchestrator/math/integer.ts';
import {
  biasSums,
  convolutionShape,
  drawKey,
  type IntegerPass,
  type IntegerShape,
  innerProductShape,
  inputCount,
  integerSums,
  lowerBound,
  outputCount,
  outputUnit,
  type Storage,
  shiftOfMagnitude,
  upperBound,
  weightCount,
} from '../../orchestrator/precision/index.ts';

const PASSES: readonly IntegerPass[] = ['forward', 'backwardData', 'backwardWeights'];

/** An op with row-major operands; `bias` is added (forward). */
export interface FixedCase {
  readonly geometry: Geometry;
  readonly pass: IntegerPass;
  readonly a: Storage;
  readonly b: Storage;
  readonly bias?: Float64Array | undefined;
  readonly fixed: FixedOptions;
  /** Compute units that share it. */
  readonly units: number;
}

/** Row-major results. `c` stays undefined where only the maximum is wanted. */
export interface FixedResult {
  readonly c: number[] | undefined;
  readonly biasGradient: number[] | undefined;
  readonly statistics: number[];
}

function randomShape(random: RandomStream): IntegerShape {
  const between = (least: number, most: number) => least + random.integer(most - least + 1);
  const batch = random.integer(2) ? between(1, 5) : between(7, 19);
  if (random.integer(4) === 0) return innerProductShape(batch, between(1, 40), between(1, 20));
  const groups = [1, 1, 1, 2, 3][random.integer(5)]!;
  const [kernelH, kernelW] = [between(1, 3), between(1, 4)];
  const [dilationH, dilationW] = [between(1, 2), between(1, 2)];
  return convolutionShape({
    ...{
      batch,
      groups,
      channels: groups * between(1, groups > 1 ? 3 : 5),
      outputs: groups * between(1, groups > 1 ? 3 : 7),
    },
    ...{ height: dilationH * (kernelH - 1) + between(1, 3), width: dilationW * (kernelW - 1) + between(1, 5) },
    ...{ kernelH, kernelW, strideH: between(1, 5), strideW: between(1, 3) },
    ...{ padH: between(0, kernelH), padW: between(0, kernelW), dilationH, dilationW },
  });
}

const store = (bits: number, count: number): Storage => (bits === 8 ? new Int8Array(count) : new Int16Array(count));

function randomWords(random: RandomStream, word: number, bits: number, count: number): Storage {
  const data = store(bits, count);
  const [lower, upper] = [lowerBound(word), upperBound(word)];
  if (random.integer(12) === 0) return data.fill(lower);
  for (let i = 0; i < count; i++) {
    const draw = random.integer(8 * (upper - lower + 1));
    const extreme = draw % 8;
    data[i] = extreme === 0 ? upper : extreme === 1 ? lower : lower + Math.floor(draw / 8);
  }
  return data;
}

function geometryOf(s: IntegerShape, random: RandomStream, bias: boolean): Geometry {
  const lanes = random.integer(2) ? 16 : 8;
  if (
    s.height === 1 &&
    s.width === 1 &&
    s.kernelH === 1 &&
    s.kernelW === 1 &&
    s.groups === 1 &&
    s.padH + s.padW === 0
  ) {
    const transposed = random.integer(2) === 1;
    return { kind: 'inner-product', batch: s.batch, lanes, inputs: s.channels, outputs: s.outputs, transposed, bias };
  }
  const { batch, channels, height, width, outputs, outHeight, outWidth, groups } = s;
  return {
    kind: 'convolution',
    ...{ batch, lanes, channels, height, width, outputs, outHeight, outWidth, groups, bias },
    kernel: [s.kernelH, s.kernelW],
    stride: [s.strideH, s.strideW],
    pad: [s.padH, s.padW],
    dilation: [s.dilationH, s.dilationW],
  };
}

function shapeOf(g: Geometry): IntegerShape {
  if (g.kind === 'inner-product') return innerProductShape(g.batch, g.inputs, g.outputs);
  return convolutionShape({
    ...{ batch: g.batch, groups: g.groups, channels: g.channels, height: g.height, width: g.width, outputs: g.outputs },
    ...{ kernelH: g.kernel[0], kernelW: g.kernel[1], strideH: g.stride[0], strideW: g.stride[1] },
    ...{ padH: g.pad[0], padW: g.pad[1], dilationH: g.dilation[0], dilationW: g.dilation[1] },
  });
}

/** Case `index`; the same index is the same case. */
export function fixedCase(index: number): FixedCase {
  const random = new RandomStream(29, 'fixed engine cases', index * 8192);
  const pass = PASSES[index % 3]!;
  const bits = random.integer(2) ? 8 : 16;
  const [wordA, wordB, wordC] = [0, 0, 0].map(() => 4 + random.integer(bits - 3)) as [number, number, number];
  const shape = randomShape(random);
  const biased = pass !== 'backwardData' && random.integer(2) === 1;
  const geometry = geometryOf(shape, random, biased);
  const [weights, input, output] = [weightCount(shape), inputCount(shape), outputCount(shape)];
  const [left, right] = {
    forward: [weights, input],
    backwardData: [weights, output],
    backwardWeights: [output, input],
  }[pass] as [number, number];
  const a = randomWords(random, wordA, bits, left);
  const b = randomWords(random, wordB, bits, right);
  const scale = random.integer(3) ? 1 : 2 ** 33;
  const bias =
    biased && pass === 'forward'
      ? Float64Array.from({ length: shape.outputs }, () => scale * (random.integer(2001) - 1000))
      : undefined;
  const [low, high] = drawKey(index, pass, index);
  // An exact exponent for about such sums, sometimes one too small, now and then any shift.
  const typical = shiftOfMagnitude(
    2 ** (wordA + wordB - 2) * Math.sqrt(shape.channels) + (bias ? scale * 1000 : 0),
    wordC,
  );
  const shift = random.integer(6) === 0 ? random.integer(48) : Math.max(0, typical - random.integer(4));
  const fixed: FixedOptions = {
    ...{ elementBits: bits, words: { a: wordA, b: wordB, c: wordC }, shift, key: { low, high } },
    rounding: random.integer(2) ? 'stochastic' : 'nearest',
    relu: pass === 'forward' && random.integer(2) === 1,
    maximumOnly: random.integer(6) === 0,
    statisticsOffset: shape.outputs + 3,
  };
  return { geometry, pass, a, b, bias, fixed, units: [1, 2, 4][Math.floor(index / 3) % 3]! };
}

/** A matrix [rows][columns] with the two exchanged. */
function exchanged<T extends Storage | number[]>(data: T, rows: number, columns: number): T {
  const to = data.slice() as T;
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) to[c * rows + r] = data[r * columns + c]!;
  return to;
}

const transposed = (g: Geometry) => g.kind === 'inner-product' && g.transposed;

/** By the TypeScript reference, or by the host library. */
export function expectedResult(by: 'reference' | 'host', t: FixedCase): FixedResult {
  const shape = shapeOf(t.geometry);
  const { word, host } = { word: t.fixed.words.c, host: by === 'host' };
  // Weights as Caffe stores them are the case's; a transposed inner product has them the other way round.
  const turned = transposed(t.geometry);
  const a = turned && t.pass !== 'backwardWeights' ? exchanged(t.a, shape.channels, shape.outputs) : t.a;
  const exact = host ? hostIntegerSums(t.pass, shape, a, t.b) : integerSums(t.pass, shape, a, t.b);
  // Weight gradients draw by the row-major index of the weights as stored.
  const sums =
    turned && t.pass === 'backwardWeights'
      ? Float64Array.from(exchanged([...exact], shape.outputs, shape.channels))
      : exact;
  const [rows, inner] = t.pass === 'forward' ? [shape.outputs, shape.outHeight * shape.outWidth] : [1, 1];
  const { shift, rounding, relu } = t.fixed;
  const key = [t.fixed.key.low, t.fixed.key.high] as const;
  const unit = { word, rounding, key, bias: t.bias, relu };
  let statistics: { magnitude: number; saturated: number; underflowed: number };
  let data: Storage;
  if (host) {
    data = word <= 8 ? new Int8Array(sums.length) : new Int16Array(sums.length);
    const shifts = new Int32Array(rows).fill(shift);
    statistics = hostOutputUnit(sums, inner, { ...unit, shifts, key: rounding === 'nearest' ? undefined : key }, data);
  } else ({ data, statistics } = outputUnit(sums, rows, inner, { ...unit, shift }));
  const gradient = t.geometry.bias && t.pass === 'backwardWeights';
  const pixels = shape.outHeight * shape.outWidth;
  const biasGradient = host
    ? hostBiasSums(t.a, shape.batch, shape.outputs, gradient ? pixels : 0)
    : biasSums(shape, t.a);
  const { maximumOnly } = t.fixed;
  return {
    c: maximumOnly ? undefined : [...data],
    biasGradient: gradient ? [...biasGradient] : undefined,
    statistics: [
      statistics.magnitude,
      maximumOnly ? 0 : statistics.saturated,
      maximumOnly ? 0 : statistics.underflowed,
    ],
  };
}

/** Row-major [n][rest] to [block][rest][lane]; lanes without an image hold `padding`. */
export function blocked(data: Storage, batch: number, lanes: number, padding: number): Storage {
  const rest = data.length / batch;
  const to = store(data.BYTES_PER_ELEMENT * 8, Math.ceil(batch / lanes) * rest * lanes).fill(padding);
  for (let n = 0; n < batch; n++) {
    const block = Math.floor(n / lanes) * rest * lanes + (n % lanes);
    for (let i = 0; i < rest; i++) to[block + i * lanes] = data[n * rest + i]!;
  }
  return to;
}

function rowMajor(data: Storage, batch: number, lanes: number): { values: number[]; padding: number[] } {
  const rest = data.length / (Math.ceil(batch / lanes) * lanes);
  const at = (n: number, i: number) => data[Math.floor(n / lanes) * rest * lanes + i * lanes + (n % lanes)]!;
  const images = (from: number, to: number) =>
    Array.from({ length: (to - from) * rest }, (_, i) => at(from + Math.floor(i / rest), i % rest));
  return { values: images(0, batch), padding: images(batch, (data.length / rest) | 0) };
}

/** Memory of the four ports; bias: int64, then the statistics of every unit. */
export interface Ports {
  readonly a: Storage;
  readonly b: Storage;
  readonly c: Storage;
  readonly bias: BigInt64Array;
}

const UNTOUCHED = 77;

export function portsOf(t: FixedCase): { ports: Ports; descriptors: Uint8Array[] } {
  const { batch, lanes, outputs } = t.geometry;
  const [imageA, imageC] = [t.pass === 'backwardWeights', t.pass !== 'backwardWeights'];
  const shape = shapeOf(t.geometry);
  const padding = lowerBound(t.fixed.words.b);
  const count = t.pass === 'forward' ? outputCount(shape) : inputCount(shape);
  const size = imageC ? (count / batch) * Math.ceil(batch / lanes) * lanes : weightCount(shape);
  const descriptors = describePass(t.geometry, t.pass, { fixed: t.fixed }, t.units);
  const bias = new BigInt64Array(outputs + 3 + STATISTICS_ELEMENTS * descriptors.length).fill(-5n);
  if (t.bias) bias.set(BigInt64Array.from(t.bias, BigInt));
  return {
    ports: {
      a: imageA ? blocked(t.a, batch, lanes, lowerBound(t.fixed.words.a)) : t.a,
      b: blocked(t.b, batch, lanes, padding),
      c: store(t.fixed.elementBits, size).fill(UNTOUCHED),
      bias,
    },
    descriptors,
  };
}

/** What stands in the ports after the op. @throws where padding lanes, or an operand that is not an output, are not as they must be */
export function resultOf(t: FixedCase, ports: Ports): FixedResult {
  const { batch, lanes, outputs } = t.geometry;
  const images = t.pass !== 'backwardWeights';
  const found = images ? rowMajor(ports.c, batch, lanes) : { values: [...ports.c], padding: [] };
  const { maximumOnly } = t.fixed;
  if (maximumOnly && ports.c.some((v) => v !== UNTOUCHED)) throw new Error('c was written');
  if (!maximumOnly && found.padding.some((v) => v !== 0)) throw new Error('padding lanes are not zero');
  const records = [...ports.bias.subarray(outputs + 3)].map(Number);
  const of = (i: number) => records.filter((_, j) => j % STATISTICS_ELEMENTS === i);
  const total = (i: number) => of(i).reduce((sum, v) => sum + v, 0);
  if (of(3).some((v) => v !== 0)) throw new Error('a record is not whole');
  if (passShape(t.geometry, t.pass).rows === 0) throw new Error('no rows');
  const gradient = t.geometry.bias && t.pass === 'backwardWeights';
  return {
    c: maximumOnly ? undefined : found.values,
    biasGradient: gradient ? [...ports.bias.subarray(0, outputs)].map(Number) : undefined,
    statistics: [Math.max(...of(0)), total(1), total(2)],
  };
}
