// `npm run pruning-check -- --corpus DIR [--net NAME] [--json]`: published nets pruned to 30 and 70 % of their parameters; the
// smaller net must compute what the whole net does with zeros in place of the removed filters. Every net is a process of its own.
import { spawnSync } from 'node:child_process';
import { CremaError, childExecArgv, programFile } from '../orchestrator/core/index.ts';
import { parseNet } from '../orchestrator/proto/index.ts';
import { readOptions, runProgram } from './options.ts';
import { type Comparison, compareMasked } from './pruning/compare.ts';
import { netsToPrune } from './pruning/nets.ts';

/** What the net gives, and every blob on the way, where roundings of another order of summation add up. */
const CLOSE = { output: 1e-6, blobs: 1e-5 };
const LEVELS = [0.3, 0.7];

interface Outcome {
  readonly net: string;
  readonly level: number;
  readonly reached: number;
  readonly reason: string | null;
  readonly difference: number;
  readonly output: number;
  readonly worst: string;
  readonly compared: number;
}

function check(corpus: string, name: string): Outcome[] {
  const found = netsToPrune(corpus).find((net) => net.name === name);
  if (!found) throw new CremaError('usage', { message: `no net '${name}' in ${corpus}`, code: 'unknown-net' });
  return LEVELS.map((level) => {
    const { pruned, difference, output, worst, compared }: Comparison = compareMasked(
      parseNet(found.text, found.file),
      {
        level,
        ranker: 'random',
        ...(found.record && { record: found.record }),
      },
    );
    const { reached } = pruned.level;
    return { net: name, level, reached, reason: pruned.reason ?? null, difference, output, worst, compared };
  });
}

function child(corpus: string, name: string): Outcome[] {
  const args = [...childExecArgv, programFile('bench/pruning-check'), '--child', '--net', name];
  const done = spawnSync(process.execPath, [...args, '--corpus', corpus], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (done.status !== 0)
    throw new CremaError('internal', {
      message: `${name} ended with ${done.status ?? done.signal}`,
      code: 'child-failed',
    });
  return JSON.parse(done.stdout) as Outcome[];
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function main(): void {
  const values = readOptions(
    'npm run pruning-check --',
    'published nets pruned: the smaller net against the masked one',
    {
      corpus: { type: 'string', default: '../shared/corpus', about: '<folder> of published prototxt files' },
      net: { type: 'string', about: '<name> of one network; all where absent' },
      json: { type: 'boolean', default: false, about: 'one JSON object for each outcome' },
      child: { type: 'boolean', default: false, about: 'one network in this process, for the command itself' },
    },
  );
  const { corpus } = values;
  if (values.child) {
    process.stdout.write(JSON.stringify(check(corpus, values.net!)));
    return;
  }
  const names = netsToPrune(corpus).map(({ name }) => name);
  let failed = 0;
  for (const name of names.filter((n) => !values.net || n === values.net)) {
    for (const outcome of child(corpus, name)) {
      const near = Math.abs(outcome.reached - outcome.level) <= 0.02 || outcome.reason !== null;
      const good = outcome.output <= CLOSE.output && outcome.difference <= CLOSE.blobs && near;
      failed += Number(!good);
      if (values.json) process.stdout.write(`${JSON.stringify({ ...outcome, good })}\n`);
      else {
        const reason = outcome.reason ? `  (${outcome.reason})` : '';
        process.stdout.write(
          `${good ? 'equal ' : 'WRONG '} ${name.padEnd(14)} ${percent(outcome.level)} asked, ${percent(outcome.reached)} removed, outputs differ by ${outcome.output.toExponential(1)}, blobs by ${outcome.difference.toExponential(1)} (${outcome.worst}), ${outcome.compared} elements${reason}\n`,
        );
      }
    }
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

await runProgram(main);
