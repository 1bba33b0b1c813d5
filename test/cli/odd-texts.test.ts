import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { table } from '../../orchestrator/cli/output.ts';
import { type InspectedText, inspectFile, isText } from '../../orchestrator/recipes/index.ts';
import { runAll, withFolder } from './commands.ts';
import { type OddText, oddTexts } from './odd-texts.ts';

/** Small enough for quick tests, large enough for work that grows with the square of the size to run into the timeout. */
const BYTES = 40_000;

function verdictOf({ parse, net, solver }: InspectedText): string | undefined {
  return parse.verdict === 'reject' ? 'unread' : (net ?? solver)?.verdict;
}

function inspectedText(content: string): InspectedText {
  return withFolder((folder) => {
    const file = join(folder, 'odd.prototxt');
    writeFileSync(file, content);
    const inspected = inspectFile(file, { phase: 'TRAIN' });
    if (!isText(inspected)) throw new Error(`taken for ${inspected.kind}`);
    return inspected;
  });
}

const judge = (text: OddText, bytes: number): InspectedText => inspectedText(text.make(bytes));

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('odd texts', () => {
  for (const text of oddTexts) {
    it(`${text.name}: ${text.verdict}`, () => {
      const got = judge(text, BYTES);
      expect(got.kind).toBe(text.kind ?? 'net');
      expect(verdictOf(got)).toBe(text.verdict);
      // A refusal says why, and does not list a million faults.
      expect(got.problems.length > 0).toBe(text.verdict !== 'accept');
      expect(got.problems.length).toBeLessThan(2000);
    });
  }

  it('finds no name for a thousand unknown ones among all blobs of a large net', () => {
    const text = oddTexts.find((t) => t.name === 'unknown bottoms after a chain')!;
    vi.stubEnv('CREMA_MAX_LAYERS', '50000');
    const { problems } = judge(text, 1_500_000);
    expect(problems).toHaveLength(1000);
    expect(problems.every((p) => p.code === 'unknown-bottom')).toBe(true);
  }, 30_000);

  it('sorts the outputs of a wide net without new bytes for every comparison', () => {
    const text = oddTexts.find((t) => t.name === 'one layer, many tops')!;
    const made = vi.spyOn(Buffer, 'from');
    try {
      const tops = judge(text, BYTES).net?.layers?.[0]?.tops.length ?? 0;
      expect(tops).toBeGreaterThan(2000);
      expect(made.mock.calls.length).toBeLessThan(tops);
    } finally {
      made.mockRestore();
    }
  });

  it('prints a table of more rows than a call has arguments', () => {
    const rows = Array.from({ length: 200_000 }, (_, i) => [`l${i}`, i]);
    const lines = table(['layer', 'count'], rows).split('\n');
    expect(lines).toHaveLength(200_001);
    expect(lines[1]).toBe('l0            0');
  });
});

describe('nets larger than CREMA_MAX_LAYERS', () => {
  const INPUT = 'input: "b0" input_shape { dim: 1 dim: 2 }\n';
  const link = (i: number) => `layer { name: "l${i}" type: "ReLU" bottom: "b${i}" top: "b${i + 1}" }\n`;
  const legacy = (i: number) => `layers { name: "l${i}" type: RELU bottom: "b${i}" top: "b${i + 1}" }\n`;
  const chain = (layers: number, one = link) => INPUT + Array.from({ length: layers }, (_, i) => one(i)).join('');
  const wide = (tops: number) =>
    `layer { name: "d" type: "Input"\n${Array.from({ length: tops }, (_, i) => `top: "t${i}"\n`).join('')}input_param { shape { dim: 1 } } }\n`;
  const solver = (net: string) => `base_lr: 0.1 lr_policy: "fixed" max_iter: 1\nnet_param {\n${net}}\n`;

  const cases: readonly (readonly [name: string, small: string, large: string, line: number])[] = [
    ['layers', chain(9), chain(10), 11],
    ['layers of the second form', chain(9, legacy), chain(10, legacy), 11],
    ['layers inside a solver', solver(chain(9)), solver(chain(10)), 13],
    // 60 entries: each top, one shape and its one dimension.
    ['entries of lists', wide(58), wide(61), 62],
  ];
  for (const [name, small, large, line] of cases) {
    it(`${name}: reads what fits, refuses more at the first too many, and takes it when it is allowed`, () => {
      vi.stubEnv('CREMA_MAX_LAYERS', '10');
      expect(verdictOf(inspectedText(small))).toBe('accept');
      const refused = inspectedText(large);
      expect(refused.parse).toEqual({ verdict: 'accept' });
      expect(refused.wire_sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(verdictOf(refused)).toBe('reject');
      expect(refused.problems).toEqual([
        expect.objectContaining({
          code: 'net-too-large',
          span: expect.objectContaining({ line }),
          hint: expect.stringContaining('CREMA_MAX_LAYERS'),
        }),
      ]);
      vi.stubEnv('CREMA_MAX_LAYERS', '100');
      expect(verdictOf(inspectedText(large))).toBe('accept');
    });
  }

  it('reads twice the published depths as it is, and refuses more', () => {
    expect(verdictOf(inspectedText(chain(9_990)))).toBe('accept');
    expect(verdictOf(inspectedText(chain(10_000)))).toBe('reject');
  }, 30_000);

  it('a value that is no number is a usage error', () => {
    vi.stubEnv('CREMA_MAX_LAYERS', 'many');
    expect(() => inspectedText(chain(1))).toThrow(/CREMA_MAX_LAYERS is "many"/);
  });

  it('all verbs refuse alike, and obey alike', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'net.prototxt'), chain(10));
      const commands = [
        ['inspect', 'net.prototxt', '--json'],
        ['upgrade', 'net.prototxt'],
        ['show', 'net.prototxt', '--device', 'host'],
        ['plan', '--model', 'net.prototxt', '--device', 'host'],
      ];
      const codes = (most: string) => runAll(folder, commands, { CREMA_MAX_LAYERS: most }).map(({ code }) => code);
      expect(codes('10')).toEqual([3, 3, 3, 3]);
      expect(codes('11')).toEqual([0, 0, 0, 0]);
    });
  }, 240_000);
});
