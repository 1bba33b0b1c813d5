import type { Shape } from '../blob/index.ts';
import { inputError, nearest, type RandomStream } from '../core/index.ts';
import { fillConstant, fillGaussian, fillUniform, keepSparse, normalizeRows } from '../math/random.ts';
import { type FillerParameter, FillerParameter_VarianceNorm as Norm } from '../proto/index.ts';
import { countBetween, shapeText } from './axes.ts';

type Fill = (filler: FillerParameter, shape: Shape, data: Float32Array, random: RandomStream) => void;

/** Inputs or outputs of one weight, or their mean. Glorot, Bengio, AISTATS 2010; fans counted as Caffe does: over all axes but one. */
function fan(filler: FillerParameter, shape: Shape): number {
  const count = countBetween(shape, 0);
  const fanIn = shape[0] ? count / shape[0] : 0;
  const fanOut = shape.length > 1 && shape[1] ? count / shape[1] : count;
  if (filler.variance_norm === Norm.AVERAGE) return (fanIn + fanOut) / 2;
  return filler.variance_norm === Norm.FAN_OUT ? fanOut : fanIn;
}

const f = Math.fround;

/** Weights that interpolate linearly when a Deconvolution upsamples: a tent over each kernel, computed in single precision. */
function bilinear(_: FillerParameter, shape: Shape, data: Float32Array): void {
  const side = shape[3] ?? 0;
  const half = Math.ceil(side / 2);
  const centre = f((side - 1) / (2 * half));
  const tent = Array.from({ length: side }, (_unused, i) => f(1 - Math.abs(f(f(i / half) - centre))));
  for (let i = 0; i < data.length; i++) data[i] = f(tent[i % side]! * tent[Math.floor(i / side) % side]!);
}

const fills: Record<string, Fill> = {
  constant: (filler, _, data) => fillConstant(data, filler.value),
  uniform: (filler, _, data, random) => fillUniform(data, random, filler.min, filler.max),
  gaussian: (filler, shape, data, random) => {
    fillGaussian(data, random, filler.mean, filler.std);
    // `sparse`: the mean number of inputs that each output keeps
    if (filler.sparse >= 0) keepSparse(data, random, filler.sparse / shape[0]!);
  },
  positive_unitball: (_, shape, data, random) => {
    fillUniform(data, random, 0, 1);
    normalizeRows(data, shape[0] ?? 1);
  },
  xavier: (filler, shape, data, random) => {
    const scale = Math.sqrt(3 / fan(filler, shape));
    fillUniform(data, random, -scale, scale);
  },
  // He, Zhang, Ren, Sun, ICCV 2015
  msra: (filler, shape, data, random) => fillGaussian(data, random, 0, Math.sqrt(2 / fan(filler, shape))),
  bilinear,
};

/** Refuses a filler that Caffe would refuse for this shape. `path` leads to the filler in the text. */
export function checkFiller(filler: FillerParameter | null | undefined, shape: Shape, path?: string): void {
  if (!filler) return;
  const at = (field: string) => (path ? `${path} > ${field}` : field);
  if (!Object.hasOwn(fills, filler.type)) {
    const near = nearest(filler.type, Object.keys(fills));
    throw inputError({
      message: `unknown filler '${filler.type}'`,
      path: at('type'),
      expected: `one of ${Object.keys(fills).join(', ')}`,
      hint: near ? `did you mean '${near}'?` : undefined,
      code: 'unknown-filler',
    });
  }
  if (filler.sparse !== -1 && (filler.type !== 'gaussian' || filler.sparse < -1 || shape.length < 1)) {
    throw inputError({
      message: `filler '${filler.type}' with sparse: ${filler.sparse}`,
      path: at('sparse'),
      expected: 'sparse ≥ 0, and only with the gaussian filler',
      code: 'filler-sparse',
    });
  }
  if (filler.type === 'bilinear' && (shape.length !== 4 || shape[2] !== shape[3])) {
    throw inputError({
      message: `the bilinear filler cannot fill ${shapeText(shape)}`,
      path: at('type'),
      expected: 'a blob of 4 axes with square kernels',
      code: 'filler-bilinear',
    });
  }
}

/** Words that `fillBlob` may take from a stream for this many elements, so that callers can lay streams apart. */
export const drawsOf = (count: number): number => 2 * (count + (count % 2)) + 2;

/**
 * Fills `data` (row-major, of `shape`) as Caffe's filler of that name does; no filler means zeros. The draws are a function of
 * the stream's seed, number and position, which moves on.
 */
export function fillBlob(
  filler: FillerParameter | null | undefined,
  shape: Shape,
  data: Float32Array,
  random: RandomStream,
): void {
  checkFiller(filler, shape);
  const values = data.subarray(0, countBetween(shape, 0));
  if (values.length === 0) return;
  if (filler) fills[filler.type]!(filler, shape, values, random);
  else fillConstant(values, 0);
}
