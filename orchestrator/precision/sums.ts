import { CremaError } from '../core/index.ts';
import type { Storage } from './format.ts';
import { type IntegerPass, type IntegerShape, resultCount } from './shape.ts';

/** Row-major positions of one product: weight, input and output element. */
type Visit = (weight: number, input: number, output: number) => void;

/** Every product of a convolution, once. Taps outside the image are not products. */
function products(s: IntegerShape, visit: Visit): void {
  const perGroup = s.channels / s.groups;
  const outputsPerGroup = s.outputs / s.groups;
  for (let n = 0; n < s.batch; n++) {
    for (let o = 0; o < s.outputs; o++) {
      const firstChannel = Math.floor(o / outputsPerGroup) * perGroup;
      for (let oy = 0; oy < s.outHeight; oy++) {
        for (let ox = 0; ox < s.outWidth; ox++) {
          const output = ((n * s.outputs + o) * s.outHeight + oy) * s.outWidth + ox;
          for (let c = 0; c < perGroup; c++) {
            for (let ky = 0; ky < s.kernelH; ky++) {
              const y = oy * s.strideH - s.padH + ky * s.dilationH;
              if (y < 0 || y >= s.height) continue;
              for (let kx = 0; kx < s.kernelW; kx++) {
                const x = ox * s.strideW - s.padW + kx * s.dilationW;
                if (x < 0 || x >= s.width) continue;
                const weight = ((o * perGroup + c) * s.kernelH + ky) * s.kernelW + kx;
                visit(weight, ((n * s.channels + firstChannel + c) * s.height + y) * s.width + x, output);
              }
            }
          }
        }
      }
    }
  }
}

/**
 * Exact integer sums of one pass, row-major: forward (weights, input) → output; backwardData (weights, output gradient) → input
 * gradient; backwardWeights (output gradient, input) → weight gradient. As in the op descriptor, `a` and `b` in this order.
 * Integers in doubles: exact, since |sum| < 2^47 (checked).
 */
export function integerSums(pass: IntegerPass, s: IntegerShape, a: Storage, b: Storage): Float64Array {
  const sums = new Float64Array(resultCount(s, pass));
  products(s, (weight, input, output) => {
    if (pass === 'forward') sums[output]! += a[weight]! * b[input]!;
    else if (pass === 'backwardData') sums[input]! += a[weight]! * b[output]!;
    else sums[weight]! += a[output]! * b[input]!;
  });
  return checked(sums);
}

/** Bias gradient: the output gradient summed per output channel. */
export function biasSums(s: IntegerShape, outputGradient: Storage): Float64Array {
  const sums = new Float64Array(s.outputs);
  const pixels = s.outHeight * s.outWidth;
  outputGradient.forEach((g, i) => {
    sums[Math.floor(i / pixels) % s.outputs]! += g;
  });
  return checked(sums);
}

function checked(sums: Float64Array): Float64Array {
  if (sums.every((v) => Math.abs(v) < 2 ** 47)) return sums;
  throw new CremaError('internal', { message: 'an integer sum left 48 bits', code: 'accumulator-overflow' });
}
