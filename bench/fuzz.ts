// `npm run fuzz -- [--seconds 60] [--seed 1] [--only target,…] [--keep DIR] [--json]`: feeds damaged inputs to every reader.
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wholeNumber } from '../orchestrator/cli/flag-values.ts';
import { childExecArgv, packageRoot, printable, programFile } from '../orchestrator/core/index.ts';
import { type Done, type Finding, type FuzzOrder, inputOf, LOADING } from './fuzz/child.ts';
import { makeTargets } from './fuzz/targets.ts';
import { readOptions, runProgram } from './options.ts';

/** Silence after which a child counts as hung; the clock, since a hang need not use the processor. */
const STUCK_MS = 20_000;
/** The same before the first input, while libraries load. */
const LOADING_MS = 180_000;
/** Inputs kept of one target with one reason. */
const KEPT = 2;

interface Round {
  readonly findings: readonly Finding[];
  readonly done: Done | undefined;
  readonly next: number;
}

const script = programFile('bench/fuzz/child');

/** One child, until its time is over or it goes down. */
function round(order: FuzzOrder, names: readonly string[]): Promise<Round> {
  const none = Buffer.alloc(8);
  none.writeDoubleLE(LOADING);
  writeFileSync(order.progress, none);
  const child = fork(script, [JSON.stringify(order)], {
    execArgv: [...childExecArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve) => {
    const findings: Finding[] = [];
    let done: Done | undefined;
    let hung = false;
    let last = { index: LOADING, since: Date.now() };
    const current = () => readFileSync(order.progress).readDoubleLE(0);
    const timer = setInterval(() => {
      const index = current();
      if (index !== last.index) last = { index, since: Date.now() };
      else if (Date.now() - last.since > (index === LOADING ? LOADING_MS : STUCK_MS)) {
        hung = true;
        child.kill('SIGKILL');
      }
    }, 500);
    child.on('message', (message: Finding | Done) => {
      if (message.kind === 'done') done = message;
      else findings.push(message);
    });
    child.on('exit', (code, signal) => {
      clearInterval(timer);
      const index = current();
      if (!done) {
        const target = names[Math.max(0, index) % names.length]!;
        findings.push({
          kind: hung ? 'hang' : 'crash',
          target,
          index,
          reason: hung ? 'no end' : `exit ${signal ?? code}`,
        });
      }
      resolve({ findings, done, next: done?.next ?? index + 1 });
    });
  });
}

/** Writes found inputs as regression files; returns their names. */
function keep(
  findings: readonly Finding[],
  folder: string,
  scratch: string,
  seed: number,
  only: readonly string[],
): string[] {
  const { targets: all, close } = makeTargets(scratch);
  const targets = all.filter((t) => only.length === 0 || only.includes(t.name));
  const seen = new Map<string, number>();
  const names: string[] = [];
  for (const { target, index, reason } of findings) {
    const key = `${target} ${reason.split('\n').slice(0, 2).join(' ')}`;
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    if (count >= KEPT) continue;
    const { input } = inputOf(targets, seed, index);
    const name = `${target}-${createHash('sha256').update(input).digest('hex').slice(0, 8)}`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), input);
    names.push(name);
  }
  close();
  return names;
}

async function main(): Promise<void> {
  const values = readOptions('npm run fuzz --', 'feeds damaged inputs to every reader', {
    seconds: { type: 'string', default: '60', about: '<n> seconds in all' },
    seed: { type: 'string', default: '1', about: '<n> of the mutations' },
    only: { type: 'string', default: '', about: '<target,…> these readers alone' },
    keep: {
      type: 'string',
      default: join(packageRoot(), 'test', 'golden', 'fuzz'),
      about: '<folder> for what is found',
    },
    json: { type: 'boolean', default: false, about: 'one JSON object' },
  });
  const seed = wholeNumber('--seed', values.seed);
  const length = wholeNumber('--seconds', values.seconds, 1);
  const only = values.only.split(',').filter(Boolean);
  const scratch = mkdtempSync(join(tmpdir(), 'crema-fuzz-'));
  const findings: Finding[] = [];
  const inputs: Record<string, number> = {};
  const accepted: Record<string, number> = {};
  const spent: Record<string, number> = {};
  let slowest: Done['slowest'] = { target: '', seconds: 0 };
  try {
    const { targets, close } = makeTargets(scratch);
    close();
    const names = targets.map((t) => t.name).filter((name) => only.length === 0 || only.includes(name));
    const end = Date.now() + length * 1000;
    for (let from = 0; Date.now() < end || from === 0; ) {
      const seconds = (end - Date.now()) / 1000;
      const order = { seed, from, seconds, only, progress: join(scratch, 'progress'), folder: scratch };
      const { findings: found, done, next } = await round(order, names);
      findings.push(...found);
      from = next;
      for (const [name, n] of Object.entries(done?.inputs ?? {})) inputs[name] = (inputs[name] ?? 0) + n;
      for (const [name, n] of Object.entries(done?.accepted ?? {})) accepted[name] = (accepted[name] ?? 0) + n;
      for (const [name, n] of Object.entries(done?.seconds ?? {})) spent[name] = (spent[name] ?? 0) + n;
      if (done && done.slowest.seconds > slowest.seconds) slowest = done.slowest;
    }
    const kept = findings.length > 0 ? keep(findings, values.keep, scratch, seed, only) : [];
    const total = Object.values(inputs).reduce((a, b) => a + b, 0);
    const count = (kind: Finding['kind']) => findings.filter((f) => f.kind === kind).length;
    const result = { seed, inputs: total, crashes: count('crash'), hangs: count('hang'), slowest, kept };
    if (values.json) console.log(JSON.stringify({ ...result, by_target: inputs, accepted }));
    else {
      for (const [name, n] of Object.entries(inputs))
        console.log(
          `${name.padEnd(14)}${String(n).padStart(8)} inputs, ${accepted[name]} accepted, ${spent[name]!.toFixed(1)} s`,
        );
      for (const { kind, target, index, reason } of findings.slice(0, 20)) {
        console.log(
          `${kind} in ${target}, input ${index}: ${printable(reason.split('\n').slice(0, 4).join(' | ')).slice(0, 400)}`,
        );
      }
      for (const name of kept) console.log(`kept ${join(values.keep, name)}`);
      console.log(
        `${total} inputs, ${result.crashes} crashes, ${result.hangs} hangs; slowest ${slowest.seconds.toFixed(2)} s (${slowest.target})`,
      );
    }
    process.exitCode = findings.length > 0 ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await runProgram(main);
