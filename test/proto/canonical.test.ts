import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalHash,
  canonicalJson,
  encode,
  hashText,
  parseText,
  printText,
  type TypeName,
  wireHash,
} from '../../orchestrator/proto/index.ts';
import { messages } from './arbitrary.ts';

/** JSON with its keys sorted, by JavaScript's own means. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

/** Both hashes of a text, by way of a message; the binary one is made by another writer than the one under test. */
function hashesOfMessage(type: TypeName, text: string) {
  const message = parseText(type, text, 't');
  return { wire: wireHash(message), canonical: canonicalHash(message), excess: undefined };
}

const hashesOf = (type: TypeName, text: string) => hashText(type, Buffer.from(text), 't');

describe.each(['NetParameter', 'SolverParameter', 'LayerParameter', 'BlobProto'] as const)('%s', (type) => {
  it('has a canonical JSON that JSON.parse reads and only sorts what it wrote', () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const json = canonicalJson(message);
        expect(JSON.stringify(sorted(JSON.parse(json)))).toBe(json);
      }),
      { numRuns: 60 },
    );
  });

  it('hashes as a text what it hashes as a message', () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const text = printText(message);
        expect(hashesOf(type, text)).toEqual(hashesOfMessage(type, text));
      }),
      { numRuns: 60 },
    );
  });
});

describe('a text in another order', () => {
  const parts = [
    ...['name: "n"', 'input: "a"', 'input: "b" input: "c"', 'input_dim: 1', 'input_dim: [2, 300]', 'input_dim: []'],
    ...['force_backward: true', 'state { stage: "s" level: 3 stage: "t" }', 'input_shape { dim: [1, 2] dim: 3 }'],
    ...['layers { type: RELU name: "old" }', 'input_shape { }', 'layer { }', 'debug_info: false'],
    'layer { top: "y" type: "T" bottom: "x" name: "l" top: "z" loss_weight: 0.25 loss_weight: [1e-3, 16777216, -0.0] }',
    'layer { convolution_param { pad: 1 kernel_size: 3 num_output: 200 pad: 2 weight_filler { std: 0.1 type: "g" } } }',
    'layer { blobs { data: [0.1, 1.5] double_data: 0.1 shape { dim: 9007199254740993 dim: 4 } data: -nan } phase: TEST }',
  ];

  it('has the hashes of its message', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(parts), fc.nat(3), (chosen, again) => {
        // Values of repeated fields come again, behind other fields.
        const text = [...chosen, ...chosen.filter((part) => /^(input|layer)/.test(part)).slice(0, again)].join('\n');
        expect(hashesOf('NetParameter', text)).toEqual(hashesOfMessage('NetParameter', text));
      }),
      { numRuns: 300 },
    );
  });

  it('may alternate between two fields as often as it likes', () => {
    const text = 'input: "a" input_dim: 7\n'.repeat(1000);
    expect(hashesOf('NetParameter', text)).toEqual(hashesOfMessage('NetParameter', text));
    expect(canonicalJson(parseText('NetParameter', text, 't'))).toBe(
      `{"input":[${Array(1000).fill('"a"')}],"input_dim":[${Array(1000).fill(7)}]}`,
    );
  });
});

it('writes numbers as the shortest decimal that reads back', () => {
  const floats = [
    '0.1',
    '1e-45',
    '3.4028235e38',
    '16777216',
    '1.17549435e-38',
    '123456.7',
    '0.300000012',
    '-0',
    '5e-7',
  ];
  const text = `data: [${floats}] double_data: [0.1, 1e21, 1e-7, -0]`;
  expect(canonicalJson(parseText('BlobProto', text, 't'))).toBe(
    '{"data":[0.1,1e-45,3.4028235e+38,16777216,1.1754944e-38,123456.7,0.3,0,5e-7],"double_data":[0.1,1e+21,1e-7,0]}',
  );
});

it('escapes strings as JSON does, and keeps bytes that are no UTF-8 apart', () => {
  const text = Buffer.concat([Buffer.from('name: "a\\"\\n\\\\é'), Buffer.from([0xff]), Buffer.from('"')]);
  const message = parseText('NetParameter', text, 't');
  expect(canonicalJson(message)).toBe('{"name":"a\\"\\n\\\\é\\udcff"}');
  expect(encode('NetParameter', message).toString('hex')).toBe('0a0761220a5cc3a9ff');
  expect(hashText('NetParameter', text, 't').wire).toBe(wireHash(message));
});
