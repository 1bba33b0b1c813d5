import { describe, expect, test } from 'vitest';
import { buildNet, createParams } from '../../orchestrator/net/index.ts';
import { type NetParameter, parseNet, printText } from '../../orchestrator/proto/index.ts';
import {
  analyseChannels,
  dependencyGroups,
  type PruneSettings,
  prune,
  rankerNamed,
  TaylorEvidence,
  valuesOf,
} from '../../orchestrator/prune/index.ts';
import { conv, fc, head, input, netOf, norm, relu } from './nets.ts';

/** A net with weights: filter f of layer l is filled with `weight(l, f)`. */
function filled(text: NetParameter, weight: (layer: string, filter: number) => number = () => 1) {
  const net = buildNet(text, { phase: 'TEST' });
  const params = createParams(net, 1);
  for (const param of net.params) {
    const layer = net.layers[param.layer]!.name;
    const { data } = params.blobs[param.index]!;
    const size = data.length / (param.shape[0] ?? 1);
    data.forEach((_, i) => {
      data[i] = param.slot === 0 ? weight(layer, Math.floor(i / size)) : 0;
    });
  }
  return { graph: analyseChannels([net]), params, net };
}

function cut(lines: string[], settings: PruneSettings, weight?: (layer: string, filter: number) => number) {
  const { graph, params } = filled(netOf([input(), ...lines].join('\n')), weight);
  const pruned = prune(graph, valuesOf(params), settings);
  return { pruned, kept: Object.fromEntries(pruned.layers.map((l) => [l.layer, l.kept])) };
}

const CHAIN = [conv('a', 'data', 8), relu('a'), conv('b', 'a', 8), relu('b'), head('b')];

describe('the walk', () => {
  test('removes the least of all layers, whatever their order', () => {
    // a: 8 … 1, b: 0.5 … 7.5: the ranking interleaves the layers.
    const weight = (layer: string, f: number) => (layer === 'a' ? 8 - f : layer === 'b' ? f + 0.5 : 1);
    const { kept } = cut(CHAIN, { level: 0.32, criterion: 'filters' }, weight);
    // 26 filters: nine go, of which the least are b0 a7 b1 a6 b2 a5 b3 a4 b4.
    expect(kept).toEqual({ a: [0, 1, 2, 3], b: [5, 6, 7], fc: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] });
  });

  test('looks at every filter once: one that must stay does not shield the next', () => {
    // Everything of `a` is least. Once `a` is at its minimum, `b` goes on.
    const weight = (layer: string, f: number) => (layer === 'a' ? 0.01 * f : f + 1);
    const { kept, pruned } = cut(CHAIN, { level: 0.3, criterion: 'filters', minimum: 3 }, weight);
    expect(kept).toMatchObject({ a: [5, 6, 7], b: [3, 4, 5, 6, 7] });
    expect(pruned.level.reached).toBeCloseTo(8 / 26);
  });

  test('counts parameters as the smaller net has them', () => {
    const { pruned } = cut([conv('a', 'data', 16), norm('a'), ...CHAIN.slice(2, -1).map((l) => l), head('b')], {
      level: 0.5,
      ranker: 'random',
    });
    const net = buildNet(pruned.text, { phase: 'TEST' });
    const learned = net.params.filter(({ layer }) => net.layers[layer]!.type.type !== 'BatchNorm');
    const count = learned.reduce((sum, { shape }) => sum + shape.reduce((x, y) => x * y, 1), 0);
    expect(pruned.parameters.after).toBe(count);
    expect(pruned.level.reached).toBeGreaterThanOrEqual(0.5);
  });

  test('says why a level is missed', () => {
    const { pruned } = cut(CHAIN, { level: 0.95, minimum: 4 });
    expect(pruned.reason).toContain('is the most that can go');
    expect(pruned.reason).toContain('8 more could go');
    const coarse = cut([conv('a', 'data', 3), head('a')], { level: 0.05, minimum: 1 });
    expect(coarse.pruned.reason).toContain('the step that reaches 5.0 %');
  });

  test('says that nothing can go, and refuses a net without filters', () => {
    const { pruned } = cut([conv('a', 'data', 1), head('a')], { level: 0.3 });
    expect(pruned.level.reached).toBe(0);
    expect(pruned.reason).toContain('0.0 % of parameters is the most that can go');
    expect(() => cut([relu('data')], { level: 0.3 })).toThrow('no layer with filters to remove');
  });

  test('a figure of the caller may be the criterion', () => {
    const macs = (text: NetParameter) => buildNet(text, { phase: 'TEST' }).layers.reduce((sum, l) => sum + l.macs, 0);
    const { pruned } = cut(CHAIN, { level: 0.6, ranker: 'random', criterion: { name: 'macs', of: macs } });
    const whole = macs(netOf([input(), ...CHAIN].join('\n')));
    expect(1 - macs(pruned.text) / whole).toBeCloseTo(pruned.level.reached);
    expect(pruned.level.reached).toBeGreaterThanOrEqual(0.6);
  });

  test('widths snap to a multiple, the best of a bundle included', () => {
    const lines = [
      conv('a', 'data', 20),
      relu('a'),
      conv('b', 'a', 24, 'kernel_size: 3 group: 2'),
      relu('b'),
      conv('c', 'b', 7),
      head('c'),
    ];
    for (const level of [0.2, 0.4, 0.6]) {
      const { pruned } = cut(lines, { level, ranker: 'random', snap: 4, minimum: 1 });
      const [a, b, c] = pruned.layers.map(({ after }) => after);
      // 12 filters a group of b.
      expect([a! % 4, (b! / 2) % 4, c === 7 || c! % 4 === 0]).toEqual([0, 0, true]);
    }
  });

  test('residual trunks keep what the published rules say', () => {
    const lines = [conv('a', 'data', 20), conv('b', 'a', 20), 'Eltwise s a b > s {}', conv('c', 's', 20), head('c')];
    const trunk = (rule: '2020' | '2021', level: number) => {
      // A figure that never falls takes everything the limits leave.
      const criterion = { name: 'nothing', of: () => 1 };
      const { kept } = cut(lines, { level, trunk: rule, criterion });
      return [kept['a']!.length, kept['b']!.length];
    };
    expect(trunk('2020', 0.3)).toEqual([6, 6]);
    expect(trunk('2021', 0.3)).toEqual([14, 14]);
    expect(trunk('2020', 0.9)).toEqual([2, 2]);
    expect(trunk('2021', 0.7)).toEqual([14, 14]);
    expect(trunk('2021', 0.9)).toEqual([10, 10]);
  });
});

describe('what stays', () => {
  test('is told with its reason', () => {
    const { graph } = filled(netOf([input(), ...CHAIN, 'Softmax prob fc > prob {}'].join('\n')));
    const groups = dependencyGroups(graph);
    expect(groups.map(({ layers, prunable }) => [layers.join(), prunable.length])).toEqual([
      ['a', 8],
      ['b', 8],
      ['fc', 0],
    ]);
    expect(groups[2]!.reasons).toEqual(['prob (Softmax) divides by a sum over channels']);
  });

  test.each([
    ['a layer without a rule', 'SPP pyramid a > pyramid { spp_param { pyramid_height: 2 } }', 'pyramid', 'reads them'],
    [
      'a mean over channels',
      'MVN m a > m { mvn_param { across_channels: true } }',
      'm',
      'takes its mean over channels',
    ],
    ['repeated channels', 'Tile t a > t { tile_param { tiles: 2 } }', 't', 'repeats channels'],
    [
      'a shuffle',
      'Reshape r a > r { reshape_param { shape { dim: 0 dim: 4 dim: 2 dim: 12 dim: -1 } } }',
      'r',
      'mixes channels',
    ],
  ])('%s', (_, line, top, why) => {
    const { graph } = filled(netOf([input(), conv('a', 'data', 8), line, fc('fc', top, 10)].join('\n')));
    const group = dependencyGroups(graph).find(({ layers }) => layers.includes('a'))!;
    expect(group.prunable).toEqual([]);
    expect(group.reasons.join()).toContain(why);
  });

  test('is what the user names, and a name that matches nothing is refused', () => {
    const { kept } = cut(CHAIN, { level: 0.5, criterion: 'filters', keep: ['a*'] });
    expect(kept['a']).toHaveLength(8);
    expect(() => cut(CHAIN, { level: 0.5, keep: ['conv9'] })).toThrow("'conv9' matches no layer");
    expect(() => cut(CHAIN, { level: 1 })).toThrow('the level is 1');
  });

  test('phases of one text are cut alike', () => {
    const text = parseNet(
      [
        'layer { type: "Input" name: "d" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }',
        'layer { type: "Input" name: "l" top: "label" input_param { shape { dim: 2 } } }',
        'layer { type: "Convolution" name: "a" bottom: "data" top: "a" convolution_param { num_output: 16 kernel_size: 3 } }',
        'layer { type: "InnerProduct" name: "aux" bottom: "a" top: "aux" inner_product_param { num_output: 5 } include { phase: TRAIN } }',
        'layer { type: "SoftmaxWithLoss" name: "auxloss" bottom: "aux" bottom: "label" top: "auxloss" include { phase: TRAIN } }',
        'layer { type: "InnerProduct" name: "fc" bottom: "a" top: "fc" inner_product_param { num_output: 5 } }',
        'layer { type: "SoftmaxWithLoss" name: "loss" bottom: "fc" bottom: "label" top: "loss" }',
      ].join('\n'),
      'net.prototxt',
    );
    const nets = (['TRAIN', 'TEST'] as const).map((phase) => buildNet(text, { phase }));
    const pruned = prune(analyseChannels(nets), valuesOf(createParams(nets[0]!, 1)), { level: 0.5 });
    const again = parseNet(printText(pruned.text), 'pruned.prototxt');
    for (const phase of ['TRAIN', 'TEST'] as const) {
      const net = buildNet(again, { phase });
      const width = pruned.layers[0]!.after;
      expect(net.blobs.get('a')!.shape[1]).toBe(width);
      const product = net.params.find(({ key }) => key === 'fc[0]')!;
      expect(product.shape).toEqual([5, width * 36]);
    }
  });
});

describe('rankers', () => {
  const text = netOf([input('2 2 4 4'), conv('a', 'data', 3, 'kernel_size: 1'), fc('fc', 'a', 2)].join('\n'));

  test('mean |w|, root mean square, random', () => {
    const { graph, params } = filled(text);
    params.blobs[0]!.data.set([1, -3, 0, 0.5, 2, 2]);
    const evidence = { graph, weights: valuesOf(params), seed: 3 };
    const score = (name: string) => [...rankerNamed(name).score(graph.producers.get('a')!, evidence)];
    expect(score('mean-abs')).toEqual([2, 0.25, 2]);
    expect(score('l2').map((v) => v * v)).toEqual([5, 0.125, 4].map((v) => expect.closeTo(v, 6)));
    expect(new Set(score('random')).size).toBe(3);
    expect(score('random')).toEqual(score('random'));
    expect(() => rankerNamed('meanabs')).toThrow("did you mean 'mean-abs'");
    expect(() => score('taylor')).toThrow('no gradients');
  });

  test('Taylor squares the derivative of each batch, so that signs do not cancel', () => {
    const { graph, params } = filled(text, (_, f) => f + 1);
    const evidence = new TaylorEvidence(graph);
    const weights = valuesOf(params);
    const gradient = (sign: number) => {
      for (const blob of params.blobs) blob.diff.fill(0);
      params.blobs[0]!.diff.set([sign, sign, 0, 0, 1, 0]);
      return valuesOf(params, 'diff');
    };
    evidence.add(weights, gradient(1));
    evidence.add(weights, gradient(-1));
    // Filter f has weights f + 1: derivatives ±2, 0, 3.
    expect([...evidence.sensitivity.get('a')!]).toEqual([4, 0, 9]);
  });

  test('behind a BatchNorm the factor stands on the Scale', () => {
    const scaled = netOf(
      [input('2 2 4 4'), conv('a', 'data', 2, 'kernel_size: 1'), norm('a'), fc('fc', 'a', 2)].join('\n'),
    );
    const { graph, params, net } = filled(scaled);
    const at = (key: string) => params.blobs[net.params.find((p) => p.key === key)!.index]!;
    at('scale_a[0]').data.set([2, 1]);
    at('scale_a[0]').diff.set([1, 1]);
    at('scale_a[1]').data.set([0, 3]);
    at('scale_a[1]').diff.set([5, 1]);
    const evidence = new TaylorEvidence(graph);
    evidence.add(valuesOf(params), valuesOf(params, 'diff'));
    expect([...evidence.sensitivity.get('a')!]).toEqual([4, 16]);
    const bare = filled(
      netOf([input('2 2 4 4'), conv('a', 'data', 2), 'BatchNorm bn a > a {}', fc('fc', 'a', 2)].join('\n')),
    );
    const without = new TaylorEvidence(bare.graph);
    expect(() => without.add(valuesOf(bare.params), valuesOf(bare.params, 'diff'))).toThrow('without a Scale');
  });
});
