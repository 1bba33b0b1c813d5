import type { GradientCase, LayerRecord } from './record.ts';

/** Probabilities along the middle axis of [outer][classes][inner]. */
export function softmax(x: Float64Array, classes: number, inner: number): Float64Array {
  const at = (i: number, c: number) => Math.floor(i / (classes * inner)) * classes * inner + c * inner + (i % inner);
  return x.map((v, i) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(x[at(i, c)]!);
    return Math.exp(v) / sum;
  });
}

/** -ln of the label's probability for every position that is not ignored. */
function crossEntropy(x: Float64Array, labels: Float64Array, classes: number, inner: number, ignore = -1): number {
  const p = softmax(x, classes, inner);
  let loss = 0;
  labels.forEach((label, i) => {
    const o = Math.floor(i / inner);
    if (label !== ignore) loss -= Math.log(p[(o * classes + label) * inner + (i % inner)]!);
  });
  return loss;
}

const scores = { shape: [3, 4, 2, 2] };
const labels = { shape: [3, 1, 2, 2], kind: { labels: 4 }, fixed: true } as const;
const rows = { shape: [4, 3] };
const rowLabels = { shape: [4], kind: { labels: 3 }, fixed: true } as const;

const softmaxCase = (text: string, divisor: (labels: Float64Array) => number, ignore = -1): GradientCase => ({
  text: `loss_param { ${text} }`,
  inputs: [scores, labels],
  reference: ([x, y]) => [[crossEntropy(x!, y!, 4, 4, ignore) / divisor(y!)]],
});

const squares = (a: Float64Array, b: Float64Array) => a.reduce((s, v, i) => s + (v - b[i]!) ** 2, 0);

function hinge(x: Float64Array, y: Float64Array, f: (m: number) => number): number {
  const n = y.length;
  const classes = x.length / n;
  return x.reduce((s, v, i) => s + f(Math.max(0, 1 + (y[Math.floor(i / classes)] === i % classes ? -v : v))), 0) / n;
}

function contrastive(a: Float64Array, b: Float64Array, similar: Float64Array, margin: number, legacy: boolean): number {
  const n = similar.length;
  const c = a.length / n;
  let loss = 0;
  similar.forEach((s, i) => {
    const d = squares(a.subarray(i * c, i * c + c), b.subarray(i * c, i * c + c));
    if (s) loss += d;
    else loss += legacy ? Math.max(margin - d, 0) : Math.max(margin - Math.sqrt(d), 0) ** 2;
  });
  return loss / n / 2;
}

const pairs = [{ shape: [6, 4] }, { shape: [6, 4] }, { shape: [6], kind: { labels: 2 }, fixed: true }] as const;

function sigmoidCrossEntropy(x: Float64Array, t: Float64Array, ignore = -1): number {
  return x.reduce((s, v, i) => s + (t[i] === ignore ? 0 : Math.log1p(Math.exp(v)) - v * t[i]!), 0);
}

export const lossRecords: readonly LayerRecord[] = [
  {
    type: 'SoftmaxWithLoss',
    cases: [
      softmaxCase('normalization: VALID ignore_label: 1', (y) => y.filter((l) => l !== 1).length, 1),
      softmaxCase('normalization: FULL', (y) => y.length),
      softmaxCase('normalization: BATCH_SIZE', () => 3),
      softmaxCase('normalization: NONE', () => 1),
      {
        text: 'softmax_param { axis: 2 }',
        inputs: [{ shape: [2, 3, 4] }, { shape: [2, 3], kind: { labels: 4 }, fixed: true }],
        reference: ([x, y]) => [[crossEntropy(x!, y!, 4, 1) / 6]],
      },
    ],
  },
  { type: 'EuclideanLoss', cases: [{ inputs: [scores, scores], reference: ([a, b]) => [[squares(a!, b!) / 6]] }] },
  {
    type: 'SigmoidCrossEntropyLoss',
    cases: [
      {
        inputs: [rows, { shape: [4, 3], kind: 'binary', fixed: true }],
        reference: ([x, t]) => [[sigmoidCrossEntropy(x!, t!) / 4]],
      },
      {
        text: 'loss_param { ignore_label: 0 normalization: VALID }',
        inputs: [rows, { shape: [4, 3], kind: 'binary', fixed: true }],
        reference: ([x, t]) => [[sigmoidCrossEntropy(x!, t!, 0) / t!.filter((v) => v !== 0).length]],
      },
    ],
  },
  {
    type: 'HingeLoss',
    cases: [
      { inputs: [rows, rowLabels], reference: ([x, y]) => [[hinge(x!, y!, (m) => m)]] },
      {
        text: 'hinge_loss_param { norm: L2 }',
        inputs: [rows, rowLabels],
        reference: ([x, y]) => [[hinge(x!, y!, (m) => m * m)]],
      },
    ],
  },
  {
    type: 'ContrastiveLoss',
    cases: [
      {
        text: 'contrastive_loss_param { margin: 4 }',
        inputs: pairs,
        reference: ([a, b, s]) => [[contrastive(a!, b!, s!, 4, false)]],
      },
      {
        text: 'contrastive_loss_param { margin: 12 legacy_version: true }',
        inputs: pairs,
        reference: ([a, b, s]) => [[contrastive(a!, b!, s!, 12, true)]],
      },
    ],
  },
  {
    type: 'InfogainLoss',
    cases: [
      {
        inputs: [rows, rowLabels, { shape: [1, 1, 3, 3], fixed: true }],
        reference: ([x, y, h]) => {
          const p = softmax(x!, 3, 1);
          return [[p.reduce((s, v, i) => s - h![3 * y![Math.floor(i / 3)]! + (i % 3)]! * Math.log(v), 0) / 4]];
        },
      },
    ],
  },
  {
    type: 'MultinomialLogisticLoss',
    cases: [
      {
        inputs: [{ shape: [4, 3], kind: 'probability' }, rowLabels],
        reference: ([p, y]) => [[y!.reduce((s, label, i) => s - Math.log(p![3 * i + label]!), 0) / 4]],
      },
    ],
  },
  {
    type: 'Softmax',
    cases: [
      { inputs: [scores], reference: ([x]) => [softmax(x!, 4, 4)] },
      { text: 'softmax_param { axis: -1 }', inputs: [rows], reference: ([x]) => [softmax(x!, 3, 1)] },
    ],
  },
];
