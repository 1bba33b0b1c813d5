import { describe, expect, it } from 'vitest';
import { CremaError, type Problem } from '../../orchestrator/core/index.ts';
import { buildNet, createParams, type NetOptions } from '../../orchestrator/net/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';

const INPUT =
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 4 dim: 6 dim: 6 } } }\n';
const build = (text: string, options: Partial<NetOptions> = {}) =>
  buildNet(parseNet(text, 'net.prototxt'), { phase: 'TRAIN', ...options });

function problems(text: string): readonly Problem[] {
  try {
    build(text);
  } catch (error) {
    if (error instanceof CremaError && error.kind === 'input') return error.problems;
    throw error;
  }
  return [];
}

const ip = (name: string, bottom: string, more = '') =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${name}" ${more} inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }\n`;
const LOSS = 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 2 } } }\n';
const softmax = (bottom: string, more = '') =>
  `layer { name: "loss" type: "SoftmaxWithLoss" bottom: "${bottom}" bottom: "label" ${more} }\n`;

describe('errors of a net', () => {
  it('come all at once, each with its place', () => {
    const found = problems(
      INPUT +
        'layer { name: "c" type: "Convolution" bottom: "data" top: "c"\n convolution_param { num_output: 6 kernel_size: 3\n group: 4 } }\n' +
        'layer { name: "p" type: "Poling" bottom: "c" top: "p" }\n' +
        'layer { name: "r" type: "ReLU" bottom: "dta" top: "r" }\n' +
        'layer { name: "q" type: "ReLU" bottom: "p" top: "data" }\n' +
        'layer { name: "y" type: "Python" bottom: "p" top: "y" }\n',
    );
    expect(found.map((p) => [p.code, p.span?.line, p.path])).toEqual([
      ['unknown-bottom', 6, 'r > bottom'],
      [expect.any(String), 4, 'c > convolution_param > group'],
      ['unknown-layer-type', 5, 'p'],
      ['duplicate-top', 7, 'q > top'],
      ['python-layer', 8, 'y'],
    ]);
    expect(found[0]!.hint).toMatch(/data/);
    expect(found[2]!.hint).toMatch(/Pooling/);
  });

  it('name the layer that comes later', () => {
    expect(problems(`${ip('a', 'b')}${ip('b', 'a')}`)[0]!.hint).toMatch(/move its producer up/);
  });

  it('explain a blob that is split and changed in place', () => {
    const text = `${INPUT}${ip('a', 'data')}layer { name: "r" type: "ReLU" bottom: "data" top: "data" }\n`;
    expect(problems(text)[0]).toMatchObject({ code: 'duplicate-top', hint: expect.stringMatching(/other consumers/) });
  });

  it('are there for names of objects every program has', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const net = build(`${INPUT}layer { name: "${name}" type: "ReLU" bottom: "data" top: "${name}" }`);
      expect(net.outputs).toEqual([name]);
      expect(problems(`layer { name: "x" type: "${name}" }`)[0]!.code).toBe('unknown-layer-type');
      expect(problems(`layer { name: "x" type: "ReLU" bottom: "${name}" top: "t" }`)[0]!.code).toBe('unknown-bottom');
    }
  });

  it('come for sizes beyond what a blob may have', () => {
    const text = `layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 65536 dim: 65536 } } }`;
    expect(problems(text)[0]).toMatchObject({ code: 'size-overflow', path: 'd' });
  });
});

describe('backward', () => {
  it('visits what lies between a parameter and a loss', () => {
    const net = build(`${INPUT}${LOSS}${ip('a', 'data')}${ip('b', 'a')}${softmax('b')}${ip('side', 'a')}`);
    const need = Object.fromEntries(net.layers.map((l) => [l.name, l.needBackward]));
    expect(need).toMatchObject({ data: false, label: false, a: true, b: true, loss: true, side: false });
    expect(net.layers.find((l) => l.name === 'a')!.propagateDown).toEqual([false]);
    expect(net.layers.find((l) => l.name === 'b')!.propagateDown).toEqual([true]);
    expect(net.layers.find((l) => l.name === 'loss')!.propagateDown).toEqual([true, false]);
    expect(net.outputs).toEqual(['side']);
  });

  it('stops where lr_mult is 0 and where propagate_down says so', () => {
    const frozen = 'param { lr_mult: 0 } param { lr_mult: 0 }';
    const net = build(`${INPUT}${LOSS}${ip('a', 'data', frozen)}${ip('b', 'a')}${softmax('b')}`);
    expect(net.layers.find((l) => l.name === 'a')!.needBackward).toBe(false);
    const cut = build(`${INPUT}${LOSS}${ip('a', 'data')}${ip('b', 'a', 'propagate_down: false')}${softmax('b')}`);
    expect(cut.layers.find((l) => l.name === 'a')!.needBackward).toBe(false);
    expect(cut.layers.find((l) => l.name === 'b')!.needBackward).toBe(true);
  });

  it('goes down to the data where it is forced, but not to labels', () => {
    const net = build(`force_backward: true ${INPUT}${LOSS}${ip('a', 'data')}${softmax('a')}`);
    expect(net.layers.find((l) => l.name === 'a')!.propagateDown).toEqual([true]);
    expect(net.layers.find((l) => l.name === 'loss')!.propagateDown).toEqual([true, false]);
  });

  it('counts a loss weight of a split blob once', () => {
    const net = build(
      `${INPUT}${LOSS}${ip('a', 'data')}${softmax('a', 'top: "loss" loss_weight: 3')}layer { name: "s" type: "Silence" bottom: "loss" }`,
    );
    const weights = net.layers.flatMap((l) => [...l.lossWeights]).filter((w) => w !== 0);
    expect(weights).toEqual([3]);
  });
});

describe('parameters', () => {
  const shared = (more: string) =>
    build(`${INPUT}${ip('a', 'data', 'param { name: "w" lr_mult: 2 } param { name: "b" }')}${ip('b', 'data', more)}`);

  it('are shared by name', () => {
    const net = shared('param { name: "w" } param { name: "b" decay_mult: 0 }');
    expect(net.learnable).toEqual([0, 1]);
    expect(net.params[2]).toMatchObject({ key: 'b[0]', owner: 0, sharedWith: 'a[0]', lrMult: 2, learnable: false });
    expect(net.params.map((p) => p.decayMult)).toEqual([1, 0, 1, 0]);
    const params = createParams(net, 7);
    expect(params.blobs[2]!.data).toBe(params.blobs[0]!.data);
    expect(params.blobs[2]!.diff).toBe(params.blobs[0]!.diff);
  });

  it('refuse to be shared with other rates', () => {
    expect(() => shared('param { name: "w" lr_mult: 1 }')).toThrow(/lr_mult 1 here and 2 there/);
  });

  it('depend on the seed and their names alone', () => {
    const one = createParams(build(INPUT + ip('a', 'data') + ip('b', 'data')), 3);
    const two = createParams(build(INPUT + ip('b', 'data')), 3);
    expect(one.blobs[2]!.data).toEqual(two.blobs[0]!.data);
    expect(createParams(build(INPUT + ip('b', 'data')), 4).blobs[0]!.data).not.toEqual(two.blobs[0]!.data);
  });

  it('of a test net are those of the train net', () => {
    const train = createParams(build(INPUT + ip('a', 'data')), 3);
    const test = createParams(build(INPUT + ip('a', 'data') + ip('new', 'data'), { phase: 'TEST' }), 5, train);
    expect(test.blobs[0]!.data).toBe(train.blobs[0]!.data);
    expect(test.blobs[0]!.diff).not.toBe(train.blobs[0]!.diff);
    expect(() =>
      createParams(build(INPUT + ip('a', 'data').replace('num_output: 3', 'num_output: 4')), 5, train),
    ).toThrow(/other parameters here/);
  });
});

describe('multiply-accumulates', () => {
  it('count groups, strides and rows', () => {
    const net = build(
      `${INPUT}layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 6 kernel_h: 3 kernel_w: 1 stride: 2 group: 2 } }\n${ip('f', 'c')}`,
    );
    const macs = Object.fromEntries(net.layers.map((l) => [l.name, l.macs]));
    expect(macs['c']).toBe(2 * 6 * 2 * 3 * 2 * 3);
    expect(macs['f']).toBe(2 * 36 * 3);
  });
});
