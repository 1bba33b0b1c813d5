import { describe, expect, it } from 'vitest';
import { Blob, type Layout, NCHW } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { type Layer, layerTypes } from '../../orchestrator/layers/index.ts';
import { setThreads } from '../../orchestrator/math/index.ts';
import { blobOf, layerOf, rowMajor } from './golden-case.ts';

const NEURONS = ['BNLL', 'Clip', 'ELU', 'Exp', 'Log', 'Power', 'Sigmoid', 'Swish', 'TanH', 'Threshold'];
const TEXT: Record<string, string> = {
  Clip: 'clip_param { min: 0.2 max: 0.7 }',
  Power: 'power_param { power: 3 scale: 0.5 shift: 0.1 }',
  Log: 'log_param { scale: 2 shift: 1 }',
};

const shape = [5, 3, 4, 2];
const values = (seed: number) => Float32Array.from({ length: 120 }, (_, i) => new RandomStream(seed, i).uniform());
const make = (type: string) =>
  layerOf(`layer { name: "l" type: "${type}" bottom: "x" top: "y" ${TEXT[type] ?? ''} }`).layer;

/** Top and bottom gradient, in row-major order. */
function run(layer: Layer, layout: Layout, inPlace: boolean): { top: Float32Array; diff: Float32Array } {
  layer.reshape([shape]);
  const bottom = blobOf('x', shape, values(1), layout);
  const top = inPlace
    ? new Blob('y', shape, layout, { data: bottom.dataTensor, diff: bottom.diffTensor })
    : new Blob('y', shape, layout);
  layer.forward([bottom], [top], []);
  const result = rowMajor(top);
  top.diff.set(blobOf('d', shape, values(2), layout).data);
  layer.backward?.([top], [true], [bottom], [], []);
  expect(top.data.every(Number.isFinite), 'padding lanes stay finite').toBe(true);
  return { top: result, diff: rowMajor(bottom, 'diff') };
}

describe('neuron-wise layers', () => {
  it.each(NEURONS)('%s gives the same in place, on blocked blobs and with two threads', (type) => {
    expect(layerTypes.get(type)!.inPlace).toBe(true);
    const wanted = run(make(type), NCHW, false);
    expect(run(make(type), NCHW, true)).toEqual(
      layerTypes.get(type) && make(type).backward ? wanted : expect.anything(),
    );
    for (const lanes of [8, 16]) expect(run(make(type), { lanes }, false)).toEqual(wanted);
    setThreads(2);
    expect(run(make(type), NCHW, false)).toEqual(wanted);
    setThreads(1);
  });

  it('refuses AbsVal, Flatten and Reshape in place, as Caffe does', () => {
    for (const type of ['AbsVal', 'Flatten', 'Reshape']) expect(layerTypes.get(type)!.inPlace ?? false).toBe(false);
  });

  it('runs on nothing', () => {
    for (const type of [...NEURONS, 'AbsVal']) {
      const layer = make(type);
      const empty = new Blob('x', [0, 3]);
      const top = new Blob('y', layer.reshape([[0, 3]])[0]!);
      layer.forward([empty], [top], []);
      layer.backward?.([top], [true], [empty], [], []);
    }
  });
});

describe('Eltwise in place of its first bottom', () => {
  it.each(['SUM', 'PROD', 'MAX'])('%s', (operation) => {
    const text = `layer { name: "l" type: "Eltwise" bottom: "a" bottom: "b" top: "a" eltwise_param { operation: ${operation} } }`;
    const pass = (inPlace: boolean) => {
      const { layer } = layerOf(text);
      layer.reshape([shape, shape]);
      const a = blobOf('a', shape, values(1));
      const b = blobOf('b', shape, values(3));
      const top = inPlace
        ? new Blob('a', shape, NCHW, { data: a.dataTensor, diff: a.diffTensor })
        : new Blob('t', shape);
      layer.forward([a, b], [top], []);
      const result = rowMajor(top);
      top.diff.set(values(2));
      layer.backward!([top], [true, true], [a, b], [], []);
      return [result, rowMajor(a, 'diff'), rowMajor(b, 'diff')];
    };
    expect(pass(true)).toEqual(pass(false));
  });
});

describe('recurrent state', () => {
  it.each(['LSTM', 'RNN'])('%s goes on after a resume to the bit', (type) => {
    const text = `layer { name: "l" type: "${type}" bottom: "x" bottom: "c" top: "y" recurrent_param { num_output: 4 } }`;
    const pass = (layer: Layer, seed: number) => {
      const x = blobOf('x', [3, 2, 20], values(seed));
      const cont = blobOf('c', [3, 2], [1, 1, 1, 0, 1, 1]);
      const params = layer.params.map((p) => new Blob(p.name, p.shape));
      for (const [i, p] of params.entries())
        for (let j = 0; j < p.count; j++) p.data[j] = values(10 + i)[j % 120]! - 0.5;
      const top = new Blob('y', [3, 2, 4]);
      layer.forward([x, cont], [top], params);
      return rowMajor(top);
    };
    const first = layerOf(text).layer;
    const second = layerOf(text).layer;
    for (const layer of [first, second])
      layer.reshape([
        [3, 2, 20],
        [3, 2],
      ]);
    const fresh = pass(first, 1);
    second.loadState!(JSON.parse(JSON.stringify(first.saveState!())));
    const next = pass(first, 2);
    expect(pass(second, 2)).toEqual(next);
    expect(pass(first, 1)).not.toEqual(fresh);
  });
});
