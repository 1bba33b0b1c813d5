import type { Shape } from '../../../orchestrator/blob/index.ts';
import type { LayerRecord } from './record.ts';

interface Window {
  readonly kernel: readonly [number, number];
  readonly stride?: readonly [number, number];
  readonly pad?: readonly [number, number];
  readonly dilation?: number;
  readonly group?: number;
}

/** Calls f(n, output channel, input channel in its group, y, x, input y, input x, kernel place) for every product of a convolution. */
function visit(
  [batch, inputs, height, width]: Shape,
  outputs: number,
  [outHeight, outWidth]: readonly [number, number],
  { kernel, stride = [1, 1], pad = [0, 0], dilation = 1, group = 1 }: Window,
  f: (input: number, output: number, weight: number) => void,
): void {
  const perGroup = inputs! / group;
  for (let n = 0; n < batch!; n++)
    for (let o = 0; o < outputs; o++)
      for (let c = 0; c < perGroup; c++)
        for (let y = 0; y < outHeight; y++)
          for (let x = 0; x < outWidth; x++)
            for (let ky = 0; ky < kernel[0]; ky++)
              for (let kx = 0; kx < kernel[1]; kx++) {
                const iy = y * stride[0] - pad[0] + ky * dilation;
                const ix = x * stride[1] - pad[1] + kx * dilation;
                if (iy < 0 || iy >= height! || ix < 0 || ix >= width!) continue;
                const channel = Math.floor(o / (outputs / group)) * perGroup + c;
                const input = ((n * inputs! + channel) * height! + iy) * width! + ix;
                const output = ((n * outputs + o) * outHeight + y) * outWidth + x;
                f(input, output, ((o * perGroup + c) * kernel[0] + ky) * kernel[1] + kx);
              }
}

const count = (shape: Shape) => shape.reduce((a, b) => a * b, 1);

function convolution(
  x: Float64Array,
  w: Float64Array,
  b: Float64Array | undefined,
  from: Shape,
  to: Shape,
  at: Window,
) {
  const plane = to[2]! * to[3]!;
  const out = Float64Array.from({ length: count(to) }, (_, i) => b?.[Math.floor(i / plane) % to[1]!] ?? 0);
  visit(from, to[1]!, [to[2]!, to[3]!], at, (i, o, k) => {
    out[o]! += x[i]! * w[k]!;
  });
  return out;
}

/** The transpose: what is the output of the convolution is the input here. */
function deconvolution(x: Float64Array, w: Float64Array, b: Float64Array, from: Shape, to: Shape, at: Window) {
  const plane = to[2]! * to[3]!;
  const out = Float64Array.from({ length: count(to) }, (_, i) => b[Math.floor(i / plane) % to[1]!]!);
  visit(to, from[1]!, [from[2]!, from[3]!], at, (i, o, k) => {
    out[i]! += x[o]! * w[k]!;
  });
  return out;
}

const convolutionCase = (shape: Shape, text: string, at: Window) => ({
  text: `convolution_param { ${text} }`,
  inputs: [{ shape }],
  reference: ([x]: readonly Float64Array[], [w, b]: readonly Float64Array[], { tops }: { tops: readonly Shape[] }) => [
    convolution(x!, w!, b, shape, tops[0]!, at),
  ],
});

const deconvolutionCase = (shape: Shape, text: string, at: Window) => ({
  text: `convolution_param { ${text} }`,
  inputs: [{ shape }],
  reference: ([x]: readonly Float64Array[], [w, b]: readonly Float64Array[], { tops }: { tops: readonly Shape[] }) => [
    deconvolution(x!, w!, b!, shape, tops[0]!, at),
  ],
});

function product(x: Float64Array, w: Float64Array, b: Float64Array | undefined, outputs: number, transpose: boolean) {
  const inputs = w.length / outputs;
  return Float64Array.from({ length: (x.length / inputs) * outputs }, (_, i) => {
    const [n, o] = [Math.floor(i / outputs), i % outputs];
    let sum = b?.[o] ?? 0;
    for (let k = 0; k < inputs; k++) sum += x[n * inputs + k]! * w[transpose ? k * outputs + o : o * inputs + k]!;
    return sum;
  });
}

export const weightRecords: readonly LayerRecord[] = [
  {
    type: 'Convolution',
    cases: [
      convolutionCase([2, 3, 5, 4], 'num_output: 2 kernel_size: 3 pad: 1', { kernel: [3, 3], pad: [1, 1] }),
      convolutionCase([1, 4, 5, 6], 'num_output: 4 kernel_h: 2 kernel_w: 3 stride: 2 group: 2 bias_term: false', {
        kernel: [2, 3],
        stride: [2, 2],
        group: 2,
      }),
      convolutionCase([2, 2, 6, 6], 'num_output: 3 kernel_size: 3 dilation: 2 pad: 2', {
        kernel: [3, 3],
        pad: [2, 2],
        dilation: 2,
      }),
      convolutionCase([2, 3, 3, 3], 'num_output: 4 kernel_size: 1', { kernel: [1, 1] }),
    ],
  },
  {
    type: 'Deconvolution',
    cases: [
      deconvolutionCase([2, 3, 3, 2], 'num_output: 2 kernel_size: 3 stride: 2 pad: 1', {
        kernel: [3, 3],
        stride: [2, 2],
        pad: [1, 1],
      }),
      deconvolutionCase([1, 4, 2, 3], 'num_output: 4 kernel_size: 2 group: 4', { kernel: [2, 2], group: 4 }),
    ],
  },
  {
    type: 'Im2col',
    cases: [
      {
        text: 'convolution_param { kernel_size: 2 stride: 2 pad: 1 }',
        inputs: [{ shape: [2, 2, 3, 4] }],
        // One output channel for every channel and kernel place, whose only weight is 1.
        reference: ([x], _, { tops }) => {
          const [batch, , height, width] = tops[0] as [number, number, number, number];
          const out = new Float64Array(count(tops[0]!));
          visit([batch, 2, 3, 4], 1, [height, width], { kernel: [2, 2], stride: [2, 2], pad: [1, 1] }, (i, o, k) => {
            const n = Math.floor(o / (height * width));
            out[(n * 8 + k) * height * width + (o % (height * width))] = x![i]!;
          });
          return [out];
        },
      },
    ],
  },
  {
    type: 'InnerProduct',
    cases: [
      {
        text: 'inner_product_param { num_output: 3 }',
        inputs: [{ shape: [2, 2, 3] }],
        reference: ([x], [w, b]) => [product(x!, w!, b, 3, false)],
      },
      {
        text: 'inner_product_param { num_output: 3 bias_term: false transpose: true axis: -1 }',
        inputs: [{ shape: [2, 2, 4] }],
        reference: ([x], [w]) => [product(x!, w!, undefined, 3, true)],
      },
    ],
  },
  {
    type: 'Embed',
    cases: [
      {
        text: 'embed_param { input_dim: 4 num_output: 3 }',
        inputs: [{ shape: [5], kind: { labels: 4 }, fixed: true }],
        reference: ([x], [table, b]) => [[...x!].flatMap((row) => [0, 1, 2].map((d) => table![3 * row + d]! + b![d]!))],
      },
    ],
  },
  {
    type: 'Scale',
    cases: [
      {
        text: 'scale_param { bias_term: true }',
        inputs: [{ shape: [2, 3, 2, 2] }],
        reference: ([x], [a, b]) => [x!.map((v, i) => v * a![Math.floor(i / 4) % 3]! + b![Math.floor(i / 4) % 3]!)],
      },
      {
        text: 'scale_param { axis: 0 }',
        inputs: [{ shape: [2, 3, 2] }, { shape: [2, 3] }],
        reference: ([x, a]) => [x!.map((v, i) => v * a![Math.floor(i / 2)]!)],
      },
    ],
  },
  {
    type: 'Bias',
    cases: [
      {
        inputs: [{ shape: [2, 3, 2, 2] }],
        reference: ([x], [b]) => [x!.map((v, i) => v + b![Math.floor(i / 4) % 3]!)],
      },
      {
        text: 'bias_param { axis: 0 }',
        inputs: [{ shape: [2, 3, 2] }, { shape: [2, 3] }],
        reference: ([x, b]) => [x!.map((v, i) => v + b![Math.floor(i / 2)]!)],
      },
    ],
  },
];
