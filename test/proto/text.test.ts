import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CremaError } from '../../orchestrator/core/index.ts';
import {
  canonicalJson,
  create,
  decode,
  encode,
  hashText,
  type Init,
  isSet,
  type LayerParameter,
  Phase,
  PoolingParameter_PoolMethod,
  parseNet,
  parseSolver,
  parseText,
  printText,
  spanOf,
  type TypeName,
} from '../../orchestrator/proto/index.ts';

interface Case {
  what: string;
  type: TypeName;
  text: string;
  accept?: object;
  reject?: { line: number; column: number; message: string };
}
const cases: Case[] = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/proto/cases.json'), 'utf8'));

function problemsOf(read: () => unknown): CremaError['problems'] {
  try {
    read();
  } catch (error) {
    if (error instanceof CremaError) return error.problems;
    throw error;
  }
  return [];
}

it.each(cases)('$what', ({ type, text, accept, reject }) => {
  if (accept) {
    expect(JSON.parse(canonicalJson(parseText(type, text, 'case')))).toEqual(accept);
    return;
  }
  const [first] = problemsOf(() => parseText(type, text, 'case'));
  const { line, column, message } = reject!;
  expect(first).toMatchObject({ message, span: { file: 'case', line, column } });
});

describe('a message', () => {
  const net = parseNet('layer { name: "p" pooling_param { kernel_size: 2 } } state { level: 1 }', 'net');

  it('reads as its defaults where nothing is set', () => {
    const { pooling_param: pooling, convolution_param } = net.layer[0]!;
    expect(pooling!.stride).toBe(1);
    expect(pooling!.pool).toBe(PoolingParameter_PoolMethod.MAX);
    expect(convolution_param).toBeNull();
    expect(net.layer[0]!.bottom).toEqual([]);
    expect(net.state!.phase).toBe(Phase.TEST);
    expect(() => net.layer[0]!.bottom.push('x')).toThrow(TypeError);
  });

  it('knows what is set', () => {
    expect(isSet(net.layer[0]!.pooling_param, 'kernel_size')).toBe(true);
    expect(isSet(net.layer[0]!.pooling_param, 'stride')).toBe(false);
    expect(isSet(net.layer[0]!.convolution_param, 'stride')).toBe(false);
  });

  it('holds singles', () => {
    expect(parseSolver('base_lr: 0.01', 's').base_lr).toBe(Math.fround(0.01));
    expect(parseSolver('', 's').delta).toBe(Math.fround(1e-8));
  });

  it('keeps 64-bit values and bytes that are no UTF-8 for the binary form', () => {
    const shape = parseText('BlobShape', 'dim: 9007199254740993', 's');
    expect(Number.isSafeInteger(shape.dim[0])).toBe(false);
    expect(encode('BlobShape', shape).toString('hex')).toBe('0a088180808080808010');
    const named = parseNet(Buffer.from('name: "\xff"', 'latin1'), 's');
    expect(encode('NetParameter', named).toString('hex')).toBe('0a01ff');
  });
});

describe('places', () => {
  const text = 'name: "n"\nlayer {\n  name: "a" bottom: "x"\n  bottom: "y"\n  convolution_param { pad: [1, 2] }\n}\n';
  const net = parseNet(text, 'n.prototxt');
  const layer = net.layer[0]!;

  it.each([
    ['a message', () => spanOf(layer), 2, 1],
    ['a field', () => spanOf(layer, 'name'), 3, 3],
    ['the second of two', () => spanOf(layer, 'bottom', 1), 4, 3],
    ['a sub-message', () => spanOf(layer.convolution_param), 5, 3],
    ['a value of a list', () => spanOf(layer.convolution_param, 'pad', 1), 5, 32],
    ['a field of the whole', () => spanOf(net, 'layer', 0), 2, 1],
  ])('%s', (_, place, line, column) => {
    expect(place()).toEqual({ file: 'n.prototxt', line, column });
  });

  it('are unknown for what is not in the text', () => {
    expect(spanOf(layer, 'top')).toBeUndefined();
    expect(spanOf(layer, 'bottom', 2)).toBeUndefined();
    expect(spanOf(null)).toBeUndefined();
  });
});

describe('errors', () => {
  it('come all at once, with paths, expectations and hints', () => {
    const text = `layer { name: "conv1" convolution_param { kernel: 3 stride: x
 pad: 1 } }
layer { roi_pooling_param { pooled_w: 7 } type: "ReLU" phase: TRIAN }
layer { pooling_param { ceil_mode: false } }
`;
    const problems = problemsOf(() => parseNet(text, 'n'));
    expect(problems.map((p) => [p.span!.line, p.path])).toEqual([
      [1, 'conv1 > convolution_param'],
      [1, 'conv1 > convolution_param'],
      [3, 'layer[1]'],
      [3, 'layer[1]'],
      [4, 'layer[2] > pooling_param'],
    ]);
    expect(problems[2]!.hint).toContain('Fast R-CNN');
    expect(problems[3]).toMatchObject({ expected: 'TRAIN, TEST', hint: 'did you mean TRAIN?' });
    expect(problems[4]!.hint).toContain('round_mode: FLOOR');
  });

  it('name the nearest field', () => {
    const [problem] = problemsOf(() => parseSolver('base_lr: 1\nmoment: 0.9', 's'));
    expect(problem!.hint).toBe('did you mean momentum?');
  });

  it('name missing fields in the order of the reader of binary messages, the first few of many', () => {
    const words = (problems: CremaError['problems']) =>
      problems[0]!.message.replace(/^.*missing( required fields)?: /, '');
    const both = (layers: Init<LayerParameter>[]) => {
      const net = create('NetParameter', { layer: layers });
      return [
        words(problemsOf(() => parseNet(printText(net), 'n'))),
        words(problemsOf(() => decode('NetParameter', encode('NetParameter', net), 'n'))),
      ] as const;
    };
    const lacking = [
      { name: 'a', clip_param: { max: 1 } },
      {},
      { clip_param: {}, top: ['t'] },
      { clip_param: { min: 0 } },
    ];
    const [text, binary] = both(lacking);
    expect(text).toBe(
      'layer[0].clip_param.min, layer[2].clip_param.min, layer[2].clip_param.max, layer[3].clip_param.max',
    );
    expect(text).toBe(binary);
    const [cut, whole] = both(Array.from({ length: 2000 }, () => ({ clip_param: {} })));
    expect(cut.endsWith('…')).toBe(true);
    expect(whole.startsWith(cut.slice(0, -1))).toBe(true);
    expect(cut.length).toBeGreaterThan(900);
  });

  it('stay few in a file of another kind', () => {
    expect(problemsOf(() => parseNet('bogus: 1\n'.repeat(100_000), 'n'))).toHaveLength(50);
  });
});

describe('large and hostile texts', () => {
  const millis = (work: () => unknown): number => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  // Processor time, since other work on the machine does not count; generous, since it is shared all the same.
  it.each<[string, () => unknown]>([
    [
      'ten megabytes of layers',
      () => {
        const text = Buffer.from('layer { name: "l" type: "ReLU" bottom: "x" top: "x" }\n'.repeat(200_000));
        expect(hashText('NetParameter', text, 'n').excess?.span).toMatchObject({ line: 10_001, column: 1 });
        expect(problemsOf(() => parseNet(text, 'n'))).toMatchObject([{ code: 'net-too-large' }]);
      },
    ],
    ['braces 100,000 deep', () => problemsOf(() => parseNet(`a ${'{ b '.repeat(100_000)}`, 'n'))],
    ['a million brackets', () => problemsOf(() => parseNet(`input_dim: ${'['.repeat(1_000_000)}`, 'n'))],
    ['a million string pieces', () => parseNet(`name:${' "abc"\n'.repeat(1_000_000)}`, 'n')],
    ['one string of ten megabytes', () => parseNet(`name: "${'x'.repeat(10_000_000)}"`, 'n')],
  ])('%s', (_, read) => {
    expect(millis(read)).toBeLessThan(5000);
  });
});
