// `npm run corpus -- --dir DIR [--json] [--show N]`: how much of a corpus of prototxt files is read as the reference reads it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { wholeNumber } from '../orchestrator/cli/flag-values.ts';
import { CremaError, printable } from '../orchestrator/core/index.ts';
import { inspectText } from '../orchestrator/recipes/index.ts';
import { type Cell, cellsOf } from './corpus/cells.ts';
import { type Entry, type Phase, readIndex, textOf } from './corpus/entry.ts';
import { readOptions, runProgram } from './options.ts';

interface Score {
  right: number;
  total: number;
}

interface Folder {
  readonly folder: string;
  readonly texts: number;
  readonly missing: number;
  readonly seconds: number;
  /** Slowest single text. */
  readonly slowest: { readonly name: string; readonly ms: number };
  readonly metrics: Record<string, Score>;
  readonly wrong: readonly string[];
}

function phasesOf(entry: Entry): Phase[] {
  if (entry.expected) return [entry.phase ?? 'TEST'];
  return entry.kind === 'net' && entry.nets ? ['TRAIN', 'TEST'] : ['TEST'];
}

/** Where no record is recorded: a colour picture. */
const RECORD: [number, number, number] = [3, 256, 256];

function scoreFolder(folder: string): Folder {
  const metrics: Record<string, Score> = {};
  const wrong: string[] = [];
  const began = performance.now();
  let missing = 0;
  let slowest = { name: '', ms: 0 };
  const entries = readIndex(folder);
  for (const entry of entries) {
    const bytes = textOf(folder, entry);
    const name = entry.file ?? entry.name ?? '';
    if (!bytes) {
      missing++;
      continue;
    }
    phasesOf(entry).forEach((phase, i) => {
      const record = entry.nets?.find((n) => n.phases.includes(phase))?.assumed_record ?? RECORD;
      const start = performance.now();
      const got = inspectText(bytes, name, { kind: entry.kind, phase, record });
      const ms = performance.now() - start;
      if (ms > slowest.ms) slowest = { name, ms };
      for (const cell of cellsOf(entry, phase, i === 0, got)) {
        metrics[cell.metric] ??= { right: 0, total: 0 };
        const score = metrics[cell.metric]!;
        score.total++;
        if (cell.right) score.right++;
        else wrong.push(`${name} ${phase} ${difference(cell)}`);
      }
    });
  }
  const seconds = (performance.now() - began) / 1000;
  return { folder, texts: entries.length, missing, seconds, slowest, metrics, wrong };
}

function difference({ metric, wanted, got }: Cell): string {
  return printable(`${metric}: ${JSON.stringify(got)?.slice(0, 200)} for ${JSON.stringify(wanted)?.slice(0, 200)}`);
}

function print(result: Folder, show: number): void {
  const { folder, texts, missing, seconds, slowest } = result;
  console.log(
    `${folder}: ${texts} texts, ${missing} missing, ${seconds.toFixed(1)} s, slowest ${slowest.ms.toFixed(0)} ms (${slowest.name})`,
  );
  for (const [metric, { right, total }] of Object.entries(result.metrics)) {
    const share = ((100 * right) / total).toFixed(2);
    console.log(
      `  ${metric.padEnd(22)}${String(right).padStart(6)} /${String(total).padStart(6)}${share.padStart(9)} %`,
    );
  }
  for (const line of result.wrong.slice(0, show)) console.log(`  wrong: ${line}`);
  if (result.wrong.length > show) console.log(`  … ${result.wrong.length - show} more`);
}

function main(): void {
  const values = readOptions(
    'npm run corpus --',
    'how much of a corpus of prototxt files is read as the reference reads it',
    {
      dir: { type: 'string', about: '<folder> with an index.json' },
      json: { type: 'boolean', default: false, about: 'one JSON object' },
      show: { type: 'string', default: '10', about: '<n> differences listed' },
    },
  );
  const { dir } = values;
  if (!dir) throw new CremaError('usage', { message: 'no corpus', expected: '--dir DIR' });
  const folders = [dir, join(dir, 'prototxt'), join(dir, 'negative')].filter((f) => existsSync(join(f, 'index.json')));
  if (folders.length === 0) throw new CremaError('input', { message: `no index.json in ${dir}`, code: 'no-corpus' });
  const results = folders.map(scoreFolder);
  if (values.json) console.log(JSON.stringify({ corpora: results }));
  else for (const result of results) print(result, wholeNumber('--show', values.show));
  process.exitCode = results.some((r) => r.wrong.length > 0 || r.missing > 0) ? 1 : 0;
}

await runProgram(main);
