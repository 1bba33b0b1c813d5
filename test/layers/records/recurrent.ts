import type { LayerRecord } from './record.ts';

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const dot = (w: Float64Array, row: number, x: ArrayLike<number>, from: number, n: number) => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += w[row * n + i]! * x[from + i]!;
  return sum;
};

/** Cell and hidden of one unit from its four gates before activation. */
function unit([i, f, o, g]: readonly number[], cont: number, previous: number): [number, number] {
  const cell = cont * sigmoid(f!) * previous + sigmoid(i!) * Math.tanh(g!);
  return [cell, sigmoid(o!) * Math.tanh(cell)];
}

interface Sizes {
  readonly steps: number;
  readonly streams: number;
  readonly inputs: number;
  readonly units: number;
  readonly fixed?: number;
}

/** x, cont, [static], [h, c] and W, b, [W static], R to the sequence, last hidden and last cell. */
function lstm(x: readonly Float64Array[], p: readonly Float64Array[], s: Sizes, exposed = false): ArrayLike<number>[] {
  const { steps, streams, inputs, units, fixed } = s;
  const at = fixed ? 3 : 2;
  let hidden = exposed ? [...x[at]!] : new Array<number>(streams * units).fill(0);
  let cell = exposed ? [...x[at + 1]!] : new Array<number>(streams * units).fill(0);
  const out: number[] = [];
  for (let t = 0; t < steps; t++) {
    const before = hidden.map((v, i) => v * x[1]![t * streams + Math.floor(i / units)]!);
    const next = before.map((_, i): [number, number] => {
      const [n, d] = [Math.floor(i / units), i % units];
      const gates = [0, 1, 2, 3].map((g) => {
        const row = g * units + d;
        const still = fixed ? dot(p[2]!, row, x[2]!, n * fixed, fixed) : 0;
        const input = dot(p[0]!, row, x[0]!, (t * streams + n) * inputs, inputs);
        return input + p[1]![row]! + still + dot(p.at(-1)!, row, before, n * units, units);
      });
      return unit(gates, x[1]![t * streams + n]!, cell[i]!);
    });
    cell = next.map(([c]) => c);
    hidden = next.map(([, h]) => h);
    out.push(...hidden);
  }
  return exposed ? [out, hidden, cell] : [out];
}

function rnn(x: readonly Float64Array[], p: readonly Float64Array[], s: Sizes, exposed = false): ArrayLike<number>[] {
  const { steps, streams, inputs, units, fixed } = s;
  let hidden = exposed ? [...x[fixed ? 3 : 2]!] : new Array<number>(streams * units).fill(0);
  const out: number[] = [];
  for (let t = 0; t < steps; t++) {
    const before = hidden.map((v, i) => v * x[1]![t * streams + Math.floor(i / units)]!);
    hidden = before.map((_, i) => {
      const [n, d] = [Math.floor(i / units), i % units];
      const still = fixed ? dot(p[2]!, d, x[2]!, n * fixed, fixed) : 0;
      const input = dot(p[0]!, d, x[0]!, (t * streams + n) * inputs, inputs);
      return Math.tanh(input + p[1]![d]! + still + dot(p.at(-3)!, d, before, n * units, units));
    });
    hidden.forEach((_, i) => {
      const [n, d] = [Math.floor(i / units), i % units];
      out.push(Math.tanh(dot(p.at(-2)!, d, hidden, n * units, units) + p.at(-1)![d]!));
    });
  }
  return exposed ? [out, hidden] : [out];
}

const plain: Sizes = { steps: 3, streams: 2, inputs: 4, units: 3 };
const still: Sizes = { steps: 2, streams: 2, inputs: 3, units: 2, fixed: 3 };
const sequence = { shape: [3, 2, 4] };
const markers = { shape: [3, 2], kind: 'binary', fixed: true } as const;
const state = { shape: [1, 2, 3] };
const stillInputs = [{ shape: [2, 2, 3] }, { shape: [2, 2], kind: 'binary', fixed: true } as const, { shape: [2, 3] }];

export const recurrentRecords: readonly LayerRecord[] = [
  {
    type: 'LSTM',
    cases: [
      {
        text: 'recurrent_param { num_output: 3 }',
        inputs: [sequence, markers],
        reference: (x, p) => lstm(x, p, plain),
      },
      {
        text: 'recurrent_param { num_output: 2 }',
        inputs: stillInputs,
        reference: (x, p) => lstm(x, p, still),
      },
      {
        text: 'recurrent_param { num_output: 3 expose_hidden: true }',
        tops: 3,
        inputs: [sequence, markers, state, state],
        reference: (x, p) => lstm(x, p, plain, true),
      },
    ],
  },
  {
    type: 'RNN',
    cases: [
      { text: 'recurrent_param { num_output: 3 }', inputs: [sequence, markers], reference: (x, p) => rnn(x, p, plain) },
      { text: 'recurrent_param { num_output: 2 }', inputs: stillInputs, reference: (x, p) => rnn(x, p, still) },
      {
        text: 'recurrent_param { num_output: 3 expose_hidden: true }',
        tops: 2,
        inputs: [sequence, markers, state],
        reference: (x, p) => rnn(x, p, plain, true),
      },
    ],
  },
  {
    type: 'LSTMUnit',
    cases: [
      {
        tops: 2,
        inputs: [{ shape: [1, 3, 2] }, { shape: [1, 3, 8] }, { shape: [1, 3], kind: 'binary', fixed: true }],
        reference: ([previous, gates, cont]) => {
          const units = [...previous!].map((c, i) => {
            const [n, d] = [Math.floor(i / 2), i % 2];
            return unit(
              [0, 1, 2, 3].map((g) => gates![n * 8 + 2 * g + d]!),
              cont![n]!,
              c,
            );
          });
          return [units.map(([c]) => c), units.map(([, h]) => h)];
        },
      },
    ],
  },
];
