import type { GradientCase, LayerRecord } from './record.ts';

const a = { shape: [2, 3, 2, 2] };
const distinct = { shape: [2, 3, 2, 2], kind: 'distinct' } as const;

const identity: GradientCase['reference'] = ([x]) => [x!];

/** Picks elements: top[i] = x[bottom of i][place of i]. Enough for every layer that only moves values. */
function concat(x: readonly Float64Array[], sizes: readonly number[], outer: number, inner: number): number[] {
  const out: number[] = [];
  for (let o = 0; o < outer; o++)
    sizes.forEach((n, b) => {
      for (let i = 0; i < n * inner; i++) out.push(x[b]![o * n * inner + i]!);
    });
  return out;
}

function slices(x: Float64Array, sizes: readonly number[], outer: number, inner: number): number[][] {
  const total = sizes.reduce((p, q) => p + q, 0) * inner;
  let from = 0;
  return sizes.map((n) => {
    const start = from;
    from += n * inner;
    return Array.from({ length: outer }, (_, o) => [...x.subarray(o * total + start, o * total + from)]).flat();
  });
}

const sumRows = (x: Float64Array, length: number, f: (v: number) => number) =>
  Array.from({ length: x.length / length }, (_, r) =>
    x.subarray(r * length, (r + 1) * length).reduce((s, v) => s + f(v), 0),
  );

export const shapeRecords: readonly LayerRecord[] = [
  {
    type: 'BatchReindex',
    cases: [
      {
        inputs: [a, { shape: [5], kind: { labels: 2 }, fixed: true }],
        reference: ([x, index]) => [[...index!].flatMap((i) => [...x!.subarray(12 * i, 12 * i + 12)])],
      },
    ],
  },
  {
    type: 'Concat',
    cases: [
      { inputs: [a, { shape: [2, 1, 2, 2] }], reference: (x) => [concat(x, [3, 1], 2, 4)] },
      { text: 'concat_param { axis: 0 }', inputs: [a, a], reference: (x) => [concat(x, [2, 2], 1, 12)] },
    ],
  },
  {
    type: 'Eltwise',
    cases: [
      {
        text: 'eltwise_param { coeff: 2 coeff: -1 coeff: 0.5 }',
        inputs: [a, a, a],
        reference: ([x, y, z]) => [x!.map((v, i) => 2 * v - y![i]! + 0.5 * z![i]!)],
      },
      {
        text: 'eltwise_param { operation: PROD }',
        inputs: [a, a, a],
        reference: ([x, y, z]) => [x!.map((v, i) => v * y![i]! * z![i]!)],
      },
      {
        text: 'eltwise_param { operation: PROD stable_prod_grad: false }',
        inputs: [
          { ...a, kind: 'nonzero' },
          { ...a, kind: 'nonzero' },
        ],
        reference: ([x, y]) => [x!.map((v, i) => v * y![i]!)],
      },
      {
        text: 'eltwise_param { operation: MAX }',
        inputs: [distinct, { ...a, kind: 'nonzero' }],
        reference: ([x, y]) => [x!.map((v, i) => Math.max(v, y![i]!))],
      },
    ],
  },
  {
    type: 'Filter',
    cases: [
      {
        tops: 1,
        inputs: [{ shape: [6, 3] }, { shape: [6], kind: 'binary', fixed: true }],
        reference: ([x, chosen]) => {
          const kept = [...chosen!].flatMap((c, i) => (c ? [...x!.subarray(3 * i, 3 * i + 3)] : []));
          return [[...kept, ...new Array<number>(18 - kept.length).fill(0)]];
        },
      },
    ],
  },
  { type: 'Flatten', cases: [{ inputs: [a], reference: identity }] },
  {
    type: 'Reshape',
    cases: [{ text: 'reshape_param { shape { dim: 0 dim: -1 } }', inputs: [a], reference: identity }],
  },
  { type: 'Silence', cases: [{ tops: 0, inputs: [a], reference: () => [] }] },
  {
    type: 'Slice',
    cases: [
      { tops: 3, inputs: [a], reference: ([x]) => slices(x!, [1, 1, 1], 2, 4) },
      {
        text: 'slice_param { axis: 2 slice_point: 1 }',
        tops: 2,
        inputs: [{ shape: [2, 2, 3, 2] }],
        reference: ([x]) => slices(x!, [1, 2], 4, 2),
      },
    ],
  },
  { type: 'Split', cases: [{ tops: 3, inputs: [a], reference: ([x]) => [x!, x!, x!] }] },
  {
    type: 'Tile',
    cases: [
      {
        text: 'tile_param { axis: 1 tiles: 3 }',
        inputs: [a],
        reference: ([x]) => [[0, 1].flatMap((n) => [0, 1, 2].flatMap(() => [...x!.subarray(12 * n, 12 * n + 12)]))],
      },
    ],
  },
  {
    type: 'Reduction',
    cases: [
      {
        text: 'reduction_param { axis: 1 coeff: 2 }',
        inputs: [a],
        reference: ([x]) => [sumRows(x!, 12, (v) => 2 * v)],
      },
      {
        text: 'reduction_param { operation: ASUM axis: 2 }',
        inputs: [{ ...a, kind: 'nonzero' }],
        reference: ([x]) => [sumRows(x!, 4, Math.abs)],
      },
      {
        text: 'reduction_param { operation: SUMSQ coeff: 0.5 }',
        inputs: [a],
        reference: ([x]) => [sumRows(x!, 24, (v) => 0.5 * v * v)],
      },
      {
        text: 'reduction_param { operation: MEAN axis: -1 }',
        inputs: [a],
        reference: ([x]) => [sumRows(x!, 2, (v) => v / 2)],
      },
    ],
  },
  {
    type: 'Crop',
    cases: [
      {
        text: 'crop_param { axis: 2 offset: 1 offset: 2 }',
        inputs: [{ shape: [2, 2, 4, 5] }, { shape: [1, 1, 2, 3], fixed: true }],
        reference: ([x]) => [
          [0, 1, 2, 3].flatMap((c) => [1, 2].flatMap((h) => [2, 3, 4].map((w) => x![20 * c + 5 * h + w]!))),
        ],
      },
    ],
  },
  { type: 'ArgMax', noGradient: 'positions, piecewise constant' },
  { type: 'Accuracy', noGradient: 'counts, piecewise constant' },
  {
    type: 'Parameter',
    cases: [{ text: 'parameter_param { shape { dim: 3 dim: 2 } }', inputs: [], reference: (_, [p]) => [p!] }],
  },
  { type: 'Input', noGradient: 'source' },
  { type: 'DummyData', noGradient: 'source' },
  { type: 'Data', noGradient: 'source' },
  { type: 'HDF5Data', noGradient: 'source' },
  { type: 'ImageData', noGradient: 'source' },
  { type: 'MemoryData', noGradient: 'source' },
  { type: 'WindowData', noGradient: 'source' },
  { type: 'HDF5Output', noGradient: 'writes a file' },
];
