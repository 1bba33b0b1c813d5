import { inputError } from '../core/index.ts';

/** A convolution's extents, as in the op descriptor. Inner product = 1×1 kernels on 1×1 images. */
export interface IntegerShape {
  readonly batch: number;
  readonly groups: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly outputs: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelH: number;
  readonly kernelW: number;
  readonly strideH: number;
  readonly strideW: number;
  readonly padH: number;
  readonly padW: number;
  readonly dilationH: number;
  readonly dilationW: number;
}

export type IntegerPass = 'forward' | 'backwardData' | 'backwardWeights';

export type ConvolutionExtents = Omit<IntegerShape, 'outHeight' | 'outWidth'>;

const outputSize = (size: number, pad: number, kernel: number, dilation: number, stride: number): number =>
  Math.floor((size + 2 * pad - (dilation * (kernel - 1) + 1)) / stride) + 1;

/** Fills in the output's size (Caffe's formula) and checks groups. */
export function convolutionShape(c: ConvolutionExtents): IntegerShape {
  const outHeight = outputSize(c.height, c.padH, c.kernelH, c.dilationH, c.strideH);
  const outWidth = outputSize(c.width, c.padW, c.kernelW, c.dilationW, c.strideW);
  if (outHeight < 1 || outWidth < 1 || c.channels % c.groups !== 0 || c.outputs % c.groups !== 0) {
    throw inputError({
      message: `no convolution of ${c.channels} × ${c.height} × ${c.width} to ${c.outputs} outputs in ${c.groups} groups`,
      expected: 'an output of at least 1 × 1; groups that divide channels and outputs',
    });
  }
  return { ...c, outHeight, outWidth };
}

export function innerProductShape(batch: number, inputs: number, outputs: number): IntegerShape {
  const one = { height: 1, width: 1, outHeight: 1, outWidth: 1, kernelH: 1, kernelW: 1, strideH: 1, strideW: 1 };
  return { batch, groups: 1, channels: inputs, outputs, ...one, padH: 0, padW: 0, dilationH: 1, dilationW: 1 };
}

/** K: the most products any sum of a pass adds up. */
export function reductionLength(shape: IntegerShape, pass: IntegerPass): number {
  const taps = shape.kernelH * shape.kernelW;
  if (pass === 'forward') return (shape.channels / shape.groups) * taps;
  if (pass === 'backwardData') return (shape.outputs / shape.groups) * taps;
  return shape.batch * shape.outHeight * shape.outWidth;
}

/** Elements of input, output and weights. */
export const inputCount = (s: IntegerShape): number => s.batch * s.channels * s.height * s.width;
export const outputCount = (s: IntegerShape): number => s.batch * s.outputs * s.outHeight * s.outWidth;
export const weightCount = (s: IntegerShape): number => s.outputs * (s.channels / s.groups) * s.kernelH * s.kernelW;

export function resultCount(shape: IntegerShape, pass: IntegerPass): number {
  if (pass === 'forward') return outputCount(shape);
  return pass === 'backwardData' ? inputCount(shape) : weightCount(shape);
}
