import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { table } from '../../orchestrator/cli/output.ts';
import { type InspectedText, inspectFile, isText } from '../../orchestrator/recipes/index.ts';
import { withFolder } from './commands.ts';
import { type OddText, oddTexts } from './odd-texts.ts';

/** Small enough for quick tests, large enough for work that grows with the square of the size to run into the timeout. */
const BYTES = 40_000;

function verdictOf({ parse, net, solver }: InspectedText): string | undefined {
  return parse.verdict === 'reject' ? 'unread' : (net ?? solver)?.verdict;
}

function judge(text: OddText, bytes: number): InspectedText {
  return withFolder((folder) => {
    const file = join(folder, 'odd.prototxt');
    writeFileSync(file, text.make(bytes));
    const inspected = inspectFile(file, { phase: 'TRAIN' });
    if (!isText(inspected)) throw new Error(`taken for ${inspected.kind}`);
    return inspected;
  });
}

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
