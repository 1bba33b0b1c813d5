import { describe, expect, test } from 'vitest';
import { type CompareOptions, compareMasked } from '../../bench/pruning/compare.ts';
import type { Pruned } from '../../orchestrator/prune/index.ts';
import { conv, fc, head, input, netOf, norm, relu } from './nets.ts';

const after = (pruned: Pruned) => Object.fromEntries(pruned.layers.map(({ layer, after: n }) => [layer, n]));

/** Every kind of dependency: layers, and those whose outputs must shrink. */
const KINDS: Record<string, { lines: string[]; shrinks: string[]; options?: Partial<CompareOptions> }> = {
  chain: { lines: [conv('a', 'data', 16), relu('a'), conv('b', 'a', 16), relu('b'), head('b')], shrinks: ['a', 'b'] },
  'batch norm and scale': {
    lines: [conv('a', 'data', 16), norm('a'), relu('a'), conv('b', 'a', 16), norm('b'), head('b')],
    shrinks: ['a', 'b'],
  },
  'residual add': {
    lines: [
      ...[conv('a', 'data', 16), relu('a'), conv('b', 'a', 16), norm('b'), relu('b'), conv('c', 'b', 16), norm('c')],
      ...['Eltwise sum a c > sum {}', relu('sum'), head('sum')],
    ],
    shrinks: ['a', 'b', 'c'],
  },
  'residual add with a shortcut convolution': {
    lines: [
      ...[conv('a', 'data', 16), relu('a'), conv('b', 'a', 12), norm('b'), relu('b'), conv('c', 'b', 24), norm('c')],
      ...[
        conv('s', 'a', 24, 'kernel_size: 1'),
        norm('s'),
        'Eltwise sum s c > sum {}',
        relu('sum'),
        conv('d', 'sum', 8),
        head('d'),
      ],
    ],
    shrinks: ['a', 'b', 'c', 's', 'd'],
  },
  'products and maxima': {
    lines: [
      ...[conv('a', 'data', 12), conv('b', 'data', 12), conv('c', 'data', 12)],
      ...[
        'Eltwise p a b > p { eltwise_param { operation: PROD } }',
        'Eltwise m p c > m { eltwise_param { operation: MAX } }',
        head('m'),
      ],
    ],
    shrinks: ['a', 'b', 'c'],
  },
  depthwise: {
    lines: [
      ...[conv('expand', 'data', 24, 'kernel_size: 1'), norm('expand'), relu('expand')],
      ...[
        conv('dw', 'expand', 24, 'kernel_size: 3 pad: 1 group: 24'),
        norm('dw'),
        relu('dw'),
        conv('project', 'dw', 12, 'kernel_size: 1'),
      ],
      head('project'),
    ],
    shrinks: ['expand', 'dw', 'project'],
  },
  'depthwise with two outputs a channel': {
    lines: [
      conv('a', 'data', 12),
      conv('dw', 'a', 24, 'kernel_size: 3 group: 12'),
      relu('dw'),
      conv('b', 'dw', 8),
      head('b'),
    ],
    shrinks: ['a', 'dw', 'b'],
  },
  'grouped convolutions': {
    lines: [
      ...[conv('a', 'data', 24), relu('a'), conv('b', 'a', 32, 'kernel_size: 3 pad: 1 group: 2'), relu('b')],
      ...[
        conv('c', 'b', 24, 'kernel_size: 3 group: 2'),
        relu('c'),
        conv('d', 'c', 24, 'kernel_size: 3 group: 4'),
        relu('d'),
        head('d'),
      ],
    ],
    shrinks: ['a', 'b', 'd'],
  },
  concat: {
    lines: [
      ...[
        conv('a', 'data', 12),
        conv('l', 'a', 8, 'kernel_size: 1'),
        conv('m', 'a', 16),
        relu('m'),
        conv('r', 'a', 10, 'kernel_size: 5 pad: 2'),
      ],
      ...['Concat cat l m r > cat {}', norm('cat'), conv('b', 'cat', 12), head('b')],
    ],
    shrinks: ['a', 'l', 'm', 'r', 'b'],
  },
  'slice at points, and in equal parts': {
    lines: [
      ...[
        conv('a', 'data', 24),
        relu('a'),
        'Slice cut a > p q { slice_param { slice_point: 10 } }',
        conv('b', 'p', 8),
        conv('c', 'q', 8),
      ],
      ...[
        'Eltwise sum b c > sum {}',
        conv('d', 'sum', 16),
        'Slice even d > u v {}',
        'Eltwise both u v > both {}',
        head('both'),
      ],
    ],
    shrinks: ['a', 'b', 'c', 'd'],
  },
  split: {
    lines: [conv('a', 'data', 16), conv('b', 'a', 8), conv('c', 'a', 8), 'Concat cat b c > cat {}', head('cat')],
    shrinks: ['a', 'b', 'c'],
  },
  'bias and slopes': {
    lines: [
      conv('a', 'data', 16),
      'Bias bias a > a {}',
      'PReLU p a > a {}',
      conv('b', 'a', 8),
      'PReLU one b > b { prelu_param { channel_shared: true } }',
      head('b'),
    ],
    shrinks: ['a', 'b'],
  },
  'factors from a second branch': {
    lines: [
      ...[
        conv('a', 'data', 16),
        'Pooling squeeze a > squeeze { pooling_param { pool: AVE global_pooling: true } }',
        fc('down', 'squeeze', 8),
        relu('down'),
      ],
      ...[
        fc('up', 'down', 16),
        'Sigmoid gate up > up {}',
        'Scale excite a up > excite { scale_param { axis: 0 } }',
        head('excite'),
      ],
    ],
    shrinks: ['a', 'down', 'up'],
  },
  'convolution to inner product over places': {
    lines: [
      conv('a', 'data', 16),
      relu('a'),
      'Pooling pool a > pool { pooling_param { kernel_size: 4 stride: 4 } }',
      fc('f', 'pool', 32),
      relu('f'),
      fc('g', 'f', 24),
      fc('fc', 'g', 10),
    ],
    shrinks: ['a', 'f', 'g'],
  },
  'flatten and transposed weights': {
    lines: [
      conv('a', 'data', 16),
      'Flatten flat a > flat {}',
      fc('f', 'flat', 32, 'transpose: true'),
      relu('f'),
      fc('fc', 'f', 10),
    ],
    shrinks: ['a', 'f'],
  },
  reshape: {
    lines: [
      ...[
        conv('a', 'data', 16),
        'Reshape flat a > flat { reshape_param { shape { dim: 0 dim: 2304 } } }',
        fc('f', 'flat', 36),
      ],
      ...[
        'Reshape maps f > maps { reshape_param { shape { dim: 0 dim: 9 dim: 2 dim: -1 } } }',
        conv('b', 'maps', 8, 'kernel_size: 1'),
        head('b'),
      ],
    ],
    shrinks: ['a', 'f', 'b'],
  },
  deconvolution: {
    lines: [
      ...[
        conv('a', 'data', 12, 'kernel_size: 2 stride: 2'),
        relu('a'),
        'Deconvolution up a > up { convolution_param { num_output: 16 kernel_size: 2 stride: 2 } }',
      ],
      ...[
        'Deconvolution wide up > wide { convolution_param { num_output: 16 kernel_size: 4 stride: 2 pad: 1 group: 16 bias_term: false } }',
      ],
      ...[
        'Deconvolution pair wide > pair { convolution_param { num_output: 12 kernel_size: 1 group: 2 } }',
        'Crop crop pair data > crop {}',
        head('crop'),
      ],
    ],
    shrinks: ['a', 'up', 'wide', 'pair'],
  },
  'shared parameters': {
    lines: [
      ...[
        'Convolution l data > l { param { name: "w" } param { name: "b" } convolution_param { num_output: 16 kernel_size: 3 } }',
      ],
      ...['Power twice data > twice { power_param { scale: 2 } }'],
      ...[
        'Convolution r twice > r { param { name: "w" } param { name: "b" } convolution_param { num_output: 16 kernel_size: 3 } }',
      ],
      ...['Concat cat l r > cat {}', conv('b', 'cat', 8), head('b')],
    ],
    shrinks: ['l', 'r', 'b'],
  },
  'normalisation over neighbours': {
    lines: [
      conv('a', 'data', 16),
      'LRN near a > near { lrn_param { local_size: 5 alpha: 0.5 } }',
      conv('b', 'near', 12),
      'LRN places b > places { lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 } }',
      head('places'),
    ],
    shrinks: ['a', 'b'],
  },
};

describe.each(Object.keys(KINDS))('%s', (kind) => {
  const { lines, shrinks, options } = KINDS[kind]!;
  test.each([
    [0.3, 'mean-abs', 'parameters'],
    [0.7, 'random', 'filters'],
  ] as const)('the net without filters is the net with zeros in them, at %d', (level, ranker, criterion) => {
    const { pruned, difference, compared, worst } = compareMasked(netOf([input(), ...lines].join('\n')), {
      level,
      ranker,
      criterion,
      ...options,
    });
    expect({ worst, close: difference < 1e-6 }, `${difference}`).toEqual({ worst, close: true });
    expect(compared).toBeGreaterThan(100);
    expect(Math.abs(pruned.level.reached - level) <= 0.02 || pruned.reason !== undefined).toBe(true);
    const narrower = pruned.layers.filter((layer) => layer.after < layer.before).map(({ layer }) => layer);
    if (level === 0.7) expect(narrower.sort()).toEqual([...shrinks].sort());
    expect(after(pruned)['fc']).toBe(10);
  });
});
