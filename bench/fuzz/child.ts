// The process that feeds readers: a crash of native code or a hang takes this process down, not its parent.
import { openSync, writeSync } from 'node:fs';
import { CremaError, RandomStream } from '../../orchestrator/core/index.ts';
import { makeTargets, type Target } from './targets.ts';

/** What the child is told; inputs follow from seed and index alone. */
export interface FuzzOrder {
  readonly seed: number;
  readonly from: number;
  /** CPU-independent end: seconds of the clock. */
  readonly seconds: number;
  readonly only: readonly string[];
  /** File that always holds the index of the input being read. */
  readonly progress: string;
  readonly folder: string;
}

/** In place of an index, before the first input. */
export const LOADING = -1;

/** Processor seconds one input may take. */
export const SLOW = 1;

export interface Finding {
  readonly kind: 'crash' | 'hang';
  readonly target: string;
  readonly index: number;
  readonly reason: string;
}

export interface Done {
  readonly kind: 'done';
  readonly inputs: Record<string, number>;
  /** Inputs that were taken, not refused. */
  readonly accepted: Record<string, number>;
  /** Processor seconds. */
  readonly seconds: Record<string, number>;
  readonly slowest: { readonly target: string; readonly seconds: number };
  readonly next: number;
}

const randomOf = (seed: number, index: number) => new RandomStream(seed, `fuzz/${index}`);

/** The target and the input of an index. */
export function inputOf(
  targets: readonly Target[],
  seed: number,
  index: number,
): { target: Target; input: Uint8Array } {
  const target = targets[index % targets.length]!;
  return { target, input: target.make(randomOf(seed, index)) };
}

/** Why an input is a finding; undefined where the reader did its duty. */
export async function judge(
  target: Target,
  input: Uint8Array,
): Promise<{ reason?: string; accepted: boolean; seconds: number }> {
  const before = process.cpuUsage();
  let reason: string | undefined;
  let accepted = true;
  try {
    await target.run(input);
  } catch (error) {
    accepted = false;
    const internal = !(error instanceof CremaError) || error.kind === 'internal';
    if (internal) reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  return { accepted, seconds, ...(reason !== undefined && { reason }) };
}

async function main(order: FuzzOrder): Promise<void> {
  const { targets: all, close } = makeTargets(order.folder);
  const targets = all.filter((t) => order.only.length === 0 || order.only.includes(t.name));
  const progress = openSync(order.progress, 'r+');
  const word = Buffer.alloc(8);
  const inputs: Record<string, number> = {};
  const accepted: Record<string, number> = {};
  const seconds: Record<string, number> = {};
  let slowest: Done['slowest'] = { target: '', seconds: 0 };
  let index = order.from;
  // Libraries come in at their first use; that time is no input's.
  for (const target of targets) await judge(target, target.make(randomOf(order.seed, -1)));
  const end = Date.now() + order.seconds * 1000;
  for (; Date.now() < end; index++) {
    word.writeDoubleLE(index);
    writeSync(progress, word, 0, 8, 0);
    const { target, input } = inputOf(targets, order.seed, index);
    const result = await judge(target, input);
    inputs[target.name] = (inputs[target.name] ?? 0) + 1;
    accepted[target.name] = (accepted[target.name] ?? 0) + (result.accepted ? 1 : 0);
    seconds[target.name] = (seconds[target.name] ?? 0) + result.seconds;
    if (result.seconds > slowest.seconds) slowest = { target: target.name, seconds: result.seconds };
    const report = (kind: Finding['kind'], reason: string) =>
      process.send?.({ kind, target: target.name, index, reason } satisfies Finding);
    if (result.reason !== undefined) report('crash', result.reason);
    else if (result.seconds > SLOW) report('hang', `${result.seconds.toFixed(2)} s`);
  }
  process.send?.({ kind: 'done', inputs, accepted, seconds, slowest, next: index } satisfies Done);
  close();
}

if (process.send && process.argv[2]) await main(JSON.parse(process.argv[2]) as FuzzOrder);
