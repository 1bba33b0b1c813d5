import type { Shape } from '../../../orchestrator/blob/index.ts';
import type { GradientCase, LayerRecord, Reference } from './record.ts';

/** Values of a window, clipped to the image, with the size that average pooling divides by (clipped to the padded image). */
function windows(
  [batch, channels, height, width]: Shape,
  [, , outHeight, outWidth]: Shape,
  kernel: number,
  stride: number,
  pad: number,
): { places: number[]; size: number }[] {
  const result: { places: number[]; size: number }[] = [];
  for (let nc = 0; nc < batch! * channels!; nc++)
    for (let y = 0; y < outHeight!; y++)
      for (let x = 0; x < outWidth!; x++) {
        const [top, left] = [y * stride - pad, x * stride - pad];
        const [bottom, right] = [Math.min(top + kernel, height! + pad), Math.min(left + kernel, width! + pad)];
        const places: number[] = [];
        for (let iy = Math.max(top, 0); iy < Math.min(bottom, height!); iy++)
          for (let ix = Math.max(left, 0); ix < Math.min(right, width!); ix++)
            places.push((nc * height! + iy) * width! + ix);
        result.push({ places, size: (bottom - top) * (right - left) });
      }
  return result;
}

const maximum = (x: Float64Array, places: number[]) => Math.max(...places.map((i) => x[i]!));

const pooling = (shape: Shape, text: string, kernel: number, stride: number, pad: number): GradientCase => ({
  text: `pooling_param { ${text} kernel_size: ${kernel} stride: ${stride} pad: ${pad} }`,
  inputs: [{ shape, kind: 'distinct' }],
  reference: ([x], _, { tops }) => [
    windows(shape, tops[0]!, kernel, stride, pad).map(({ places, size }) =>
      text.includes('AVE') ? places.reduce((s, i) => s + x![i]!, 0) / size : maximum(x!, places),
    ),
  ],
});

function acrossChannels(
  x: Float64Array,
  [, channels, height, width]: Shape,
  size: number,
  alpha: number,
  beta: number,
  k: number,
) {
  const plane = height! * width!;
  return x.map((v, i) => {
    const c = Math.floor(i / plane) % channels!;
    let sum = 0;
    for (let d = -Math.floor(size / 2); d <= Math.floor(size / 2); d++)
      if (c + d >= 0 && c + d < channels!) sum += x[i + d * plane]! ** 2;
    return v * (k + (alpha / size) * sum) ** -beta;
  });
}

function withinChannel(x: Float64Array, shape: Shape, size: number, alpha: number, beta: number) {
  // Average pooling with the same size of output; the border windows divide by their size in the padded image.
  const pool = windows(shape, shape, size, 1, (size - 1) / 2);
  return x.map((v, i) => {
    const { places, size: area } = pool[i]!;
    return v * (1 + (alpha * places.reduce((s, j) => s + x[j]! ** 2, 0)) / area) ** -beta;
  });
}

/** (x - mean) / deviation over groups of elements with one number. */
function normalized(
  x: Float64Array,
  group: (i: number) => number,
  deviation: (variance: number) => number,
): Float64Array {
  const sums = new Map<number, { n: number; s: number; q: number }>();
  x.forEach((v, i) => {
    const g = sums.get(group(i)) ?? { n: 0, s: 0, q: 0 };
    sums.set(group(i), { n: g.n + 1, s: g.s + v, q: g.q });
  });
  x.forEach((v, i) => {
    const g = sums.get(group(i))!;
    g.q += (v - g.s / g.n) ** 2;
  });
  return x.map((v, i) => {
    const { n, s, q } = sums.get(group(i))!;
    return (v - s / n) / deviation(q / n);
  });
}

const batch = [4, 3, 2, 2];
const channelOf = (i: number) => Math.floor(i / 4) % 3;

const stochastic: Reference = ([x], _, { bottoms, tops, observed }) => [
  // Which element a window took is the layer's draw: the one whose value came out.
  windows(bottoms[0]!, tops[0]!, 2, 2, 0).map(
    ({ places }, o) => x![places.find((i) => Math.abs(x![i]! - observed[0]![o]!) < 1e-3)!]!,
  ),
];

export const normalizeRecords: readonly LayerRecord[] = [
  {
    type: 'Pooling',
    cases: [
      pooling([2, 2, 5, 5], 'pool: MAX', 3, 2, 0),
      pooling([1, 2, 4, 6], 'pool: MAX', 3, 2, 1),
      pooling([2, 2, 5, 6], 'pool: AVE', 3, 2, 1),
      {
        text: 'pooling_param { pool: STOCHASTIC kernel_size: 2 stride: 2 }',
        inputs: [{ shape: [2, 2, 4, 4], kind: 'positive' }],
        reference: stochastic,
      },
    ],
  },
  {
    type: 'SPP',
    cases: [
      {
        text: 'spp_param { pyramid_height: 2 pool: MAX }',
        inputs: [{ shape: [2, 2, 4, 4], kind: 'distinct' }],
        reference: ([x], _, { bottoms }) => {
          const one = windows(bottoms[0]!, [2, 2, 1, 1], 4, 4, 0).map(({ places }) => maximum(x!, places));
          const four = windows(bottoms[0]!, [2, 2, 2, 2], 2, 2, 0).map(({ places }) => maximum(x!, places));
          return [[0, 1].flatMap((n) => [...one.slice(2 * n, 2 * n + 2), ...four.slice(8 * n, 8 * n + 8)])];
        },
      },
    ],
  },
  {
    type: 'LRN',
    cases: [
      {
        text: 'lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 k: 2 }',
        inputs: [{ shape: [2, 5, 2, 2] }],
        reference: ([x], _, { bottoms }) => [acrossChannels(x!, bottoms[0]!, 3, 0.5, 0.75, 2)],
      },
      {
        text: 'lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 norm_region: WITHIN_CHANNEL }',
        inputs: [{ shape: [1, 2, 4, 3] }],
        reference: ([x], _, { bottoms }) => [withinChannel(x!, bottoms[0]!, 3, 0.5, 0.75)],
      },
    ],
  },
  {
    type: 'BatchNorm',
    cases: [
      {
        inputs: [{ shape: batch }],
        fixedParams: true,
        reference: ([x]) => [normalized(x!, channelOf, (v) => Math.sqrt(v + 1e-5))],
      },
      {
        phase: 'TEST',
        inputs: [{ shape: batch }],
        fixedParams: true,
        paramKind: 'positive',
        reference: ([x], [mean, variance, count]) => [
          x!.map((v, i) => {
            const c = channelOf(i);
            return (v - mean![c]! / count![0]!) / Math.sqrt(variance![c]! / count![0]! + 1e-5);
          }),
        ],
      },
    ],
  },
  {
    type: 'MVN',
    cases: [
      {
        inputs: [{ shape: batch }],
        reference: ([x]) => [
          normalized(
            x!,
            (i) => Math.floor(i / 4),
            (v) => Math.sqrt(v) + 1e-9,
          ),
        ],
      },
      {
        text: 'mvn_param { across_channels: true normalize_variance: false }',
        inputs: [{ shape: batch }],
        reference: ([x]) => [
          normalized(
            x!,
            (i) => Math.floor(i / 12),
            () => 1,
          ),
        ],
      },
    ],
  },
];
