import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CremaError } from '../../orchestrator/core/index.ts';
import {
  canonicalHash,
  hashText,
  type NetParameter,
  parseText,
  printText,
  type SolverParameter,
  upgradeNetSteps,
  upgradeSolver,
  wireHash,
} from '../../orchestrator/proto/index.ts';

const corpus = join(import.meta.dirname, '../../../shared/corpus');
const present = existsSync(corpus);
if (!present) console.log('notice: no ../shared/corpus; the tests on published texts are skipped');

interface Verdict {
  verdict: 'accept' | 'reject';
  line?: number;
  col?: number;
  message?: string;
  wire_sha256?: string;
  with_fpga_mode?: Verdict;
}
interface Entry {
  file?: string;
  name?: string;
  generate?: { prefix?: string; unit: string; count: number; suffix?: string };
  sha256: string;
  kind: 'net' | 'solver';
  parse: Verdict;
  wire_sha256?: string;
  canonical_sha256?: string;
  upgrade?: string[];
  upgraded_wire_sha256?: string;
  layers?: number;
}

const load = (folder: string): Entry[] => JSON.parse(readFileSync(join(corpus, folder, 'index.json'), 'utf8')).files;
const typeFor = { net: 'NetParameter', solver: 'SolverParameter' } as const;

function bytesOf(folder: string, entry: Entry): Buffer {
  if (entry.file) return readFileSync(join(corpus, folder, entry.file));
  const { prefix = '', unit, count, suffix = '' } = entry.generate!;
  const numbered = /\{[ip]\}/.test(unit);
  const each = (_: unknown, i: number) => unit.replaceAll('{i}', String(i + 1)).replaceAll('{p}', String(i));
  const body = numbered ? Array.from({ length: count }, each).join('') : unit.repeat(count);
  return Buffer.from(prefix + body + suffix);
}

/** What we say of a text, in the words of the index; and the message, where there is one. */
function judge(entry: Entry, bytes: Buffer): { verdict: Verdict; message?: NetParameter | SolverParameter } {
  try {
    const message = parseText(typeFor[entry.kind], bytes, 'text');
    return { verdict: { verdict: 'accept', wire_sha256: wireHash(message) }, message };
  } catch (error) {
    const first = (error as CremaError).problems[0]!;
    const place = { line: first.span!.line, col: first.span!.column };
    return { verdict: { verdict: 'reject', ...place, message: first.message } };
  }
}

/** What is wrong with canonical form, upgrades and print-parse identity of a published text. */
function unlike(entry: Entry, bytes: Buffer, message: NetParameter | SolverParameter, wire: string): string[] {
  const hashed = hashText(typeFor[entry.kind], bytes, 'text');
  const again = parseText(typeFor[entry.kind], printText(message), 'printed');
  const checks: [string, boolean][] = [
    ['canonical', hashed.canonical === entry.canonical_sha256 && canonicalHash(message) === entry.canonical_sha256],
    ['wire', hashed.wire === wire],
    ['print', wireHash(again) === wire],
  ];
  const upgradedIs = (hash: () => string) => !entry.upgraded_wire_sha256 || hash() === entry.upgraded_wire_sha256;
  if (entry.kind === 'solver') {
    checks.push(['upgrade', upgradedIs(() => wireHash(upgradeSolver(message as SolverParameter)))]);
  } else {
    const { net, upgrades } = upgradeNetSteps(message as NetParameter);
    checks.push(['steps', JSON.stringify(upgrades) === JSON.stringify(entry.upgrade)]);
    checks.push(['layers', net.layer.length === entry.layers]);
    checks.push(['upgrade', upgradedIs(() => wireHash(net))]);
  }
  return checks.filter(([, good]) => !good).map(([what]) => `${entry.file}: ${what}`);
}

describe.skipIf(!present)('texts', () => {
  it.each(['prototxt', 'negative'])(
    '%s: verdicts, places, words, hashes, canonical form, upgrades and print-parse identity are those of the C++ reader',
    (folder) => {
      const wrong: unknown[] = [];
      let published = 0;
      for (const entry of load(folder)) {
        const bytes = bytesOf(folder, entry);
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(entry.sha256);
        const expected = { ...(entry.parse.with_fpga_mode ?? entry.parse) };
        const { verdict: got, message } = judge(entry, bytes);
        const wire = expected.wire_sha256 ?? entry.wire_sha256;
        const same =
          got.verdict === expected.verdict &&
          (got.verdict === 'accept'
            ? wire === undefined || got.wire_sha256 === wire
            : got.line === expected.line && got.col === expected.col && got.message === expected.message);
        if (!same) wrong.push({ text: entry.file ?? entry.name, expected, got });
        if (folder !== 'prototxt' || !entry.canonical_sha256) continue;
        published++;
        if (message) wrong.push(...unlike(entry, bytes, message, got.wire_sha256!));
        else wrong.push(`${entry.file}: no message`);
      }
      expect(wrong).toEqual([]);
      expect(published > 0).toBe(folder === 'prototxt');
    },
    300_000,
  );
});
