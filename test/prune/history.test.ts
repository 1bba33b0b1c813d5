import { expect, test } from 'vitest';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { buildNet, createParams, type Net, type ParamSet } from '../../orchestrator/net/index.ts';
import { create } from '../../orchestrator/proto/index.ts';
import { analyseChannels, prune, sliced, sliceHistory, sliceParams, valuesOf } from '../../orchestrator/prune/index.ts';
import { checkSolver, Updater } from '../../orchestrator/solver/index.ts';
import { conv, fc, input, netOf, norm, relu } from './nets.ts';

const draws = new RandomStream(5, 'history');
const noise = (data: Float32Array) => {
  for (let i = 0; i < data.length; i++) data[i] = draws.normal();
};

function updater(net: Net, params: ParamSet, type: string): Updater {
  const param = create('SolverParameter', {
    type,
    base_lr: 0.1,
    lr_policy: 'fixed',
    momentum: 0.9,
    momentum2: 0.99,
    weight_decay: 0.01,
  });
  return new Updater(checkSolver(param, 'solver.prototxt'), net, params);
}

test.each([
  ['SGD', 1],
  ['Adam', 2],
])('%s goes on with the history of what stays, bit for bit', (type, sets) => {
  const lines = [
    input('2 4 6 6'),
    ...[conv('a', 'data', 8, 'kernel_size: 3 group: 2'), norm('a'), relu('a'), conv('b', 'a', 8, 'kernel_size: 1')],
    ...['Eltwise s a b > s {}', fc('f', 's', 6), relu('f'), fc('fc', 'f', 3, 'transpose: true')],
  ];
  const net = buildNet(netOf(lines.join('\n')), { phase: 'TRAIN' });
  const params = createParams(net, 1);
  for (const blob of params.blobs) noise(blob.data);
  const whole = updater(net, params, type);
  const step = (iteration: number) => {
    for (const blob of params.blobs) noise(blob.diff);
    whole.update(0.1, iteration);
  };
  step(0);
  step(1);
  const graph = analyseChannels([net]);
  const { kept, text } = prune(graph, valuesOf(params), { level: 0.4, ranker: 'random', minimum: 1 });
  const small = buildNet(text, { phase: 'TRAIN' });
  const cut = createParams(small, 1);
  sliceParams(graph, kept, params, cut);
  const history = sliceHistory(
    graph,
    kept,
    net,
    whole.history.map(({ data }) => data),
  );
  expect(history).toHaveLength(sets * net.learnable.length);
  const smaller = updater(small, cut, type);
  for (const [i, { data }] of smaller.history.entries()) data.set(history[i]!);
  smaller.markRestored();
  // The same gradients for what stays give the same weights.
  for (const blob of params.blobs) noise(blob.diff);
  const cutOf = (key: string, data: Float32Array) => {
    const view = graph.views.get(key);
    return view ? sliced(view, kept, data) : data;
  };
  for (const { key, index } of net.params) {
    const at = small.params.find((p) => p.key === key)!.index;
    cut.blobs[at]!.diff.set(cutOf(key, params.blobs[index]!.diff));
  }
  whole.update(0.1, 2);
  smaller.update(0.1, 2);
  let compared = 0;
  for (const { key, index } of net.params) {
    const at = small.params.find((p) => p.key === key)!.index;
    expect(cut.blobs[at]!.data, key).toEqual(cutOf(key, params.blobs[index]!.data));
    compared += cut.blobs[at]!.count;
  }
  expect(compared).toBeLessThan(net.params.reduce((sum, { index }) => sum + params.blobs[index]!.count, 0));
});
