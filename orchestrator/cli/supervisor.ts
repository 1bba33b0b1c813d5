import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { childExecArgv, type ErrorKind, EXIT, fromSource, type Problem, packageRoot } from '../core/index.ts';
import type { TrainSummary } from '../recipes/index.ts';
import type { WorkerRequest } from './train-worker.ts';

/** Silence of a worker after which it counts as stuck: a native call that hangs cannot be cancelled, only its process. */
const silence = (deadlineSeconds: number) => deadlineSeconds * 2000 + 60_000;

export interface Outcome {
  readonly code: number;
  readonly summary: TrainSummary | undefined;
  readonly failure: Failure | undefined;
  /** The card hung or failed under way, or took the process down: worth another start from the newest snapshot. */
  readonly lost: boolean;
  /** It wrote a snapshot: a new start gets further than this one did. */
  readonly progressed: boolean;
}

/** An error of the worker, as --json prints it. */
export interface Failure {
  readonly kind: ErrorKind;
  readonly problems: readonly Problem[];
}

const entry = () =>
  fromSource ? join(packageRoot(), 'orchestrator', 'cli', 'main.ts') : join(packageRoot(), 'bin', 'crema.js');

function start(request: WorkerRequest): ChildProcess {
  const packed = Buffer.from(JSON.stringify(request)).toString('base64');
  return spawn(process.execPath, [...childExecArgv, entry(), 'train', '--worker', packed], {
    stdio: ['ignore', 2, 2, 'ipc'],
    // Asynchronous native calls and file reads share libuv's pool; a device must not starve the files.
    env: { UV_THREADPOOL_SIZE: '16', ...process.env },
  });
}

/** Codes of device errors that say: the card was well when the run began. */
const UNDER_WAY = new Set(['deadline', 'command-failed', 'wedged']);
const CRASHES: readonly (NodeJS.Signals | null)[] = ['SIGKILL', 'SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE'];

/** Exit code of a worker that a signal ended before it could catch it. */
const codeOf = (signal: NodeJS.Signals | null) =>
  signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? EXIT.resumable : signal ? EXIT.device : EXIT.internal;

type Message =
  | { readonly kind: 'ready' | 'alive' | 'snapshot' }
  | { readonly kind: 'done'; readonly summary: TrainSummary }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** Passes signals on to a worker, once it can catch them; `asked`: one that means to stop came. */
function forwarding(child: ChildProcess) {
  const held: NodeJS.Signals[] = [];
  const state = { asked: false, ready: false };
  const forward = (signal: NodeJS.Signals) => {
    state.asked ||= signal !== 'SIGHUP';
    if (state.ready) child.kill(signal);
    else held.push(signal);
  };
  const caught = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of caught) process.on(signal, forward);
  return {
    state,
    ready() {
      state.ready = true;
      for (const signal of held.splice(0)) child.kill(signal);
    },
    end() {
      for (const signal of caught) process.off(signal, forward);
    },
  };
}

function watch(child: ChildProcess, request: WorkerRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    let summary: TrainSummary | undefined;
    let failure: Failure | undefined;
    let silent = false;
    let progressed = false;
    let last = Date.now();
    const limit = silence(request.experiment.deadline);
    const timer = setInterval(() => {
      if (Date.now() - last < limit) return;
      silent = true;
      child.kill('SIGKILL');
    }, 1000);
    const signals = forwarding(child);
    child.on('message', (message: Message) => {
      last = Date.now();
      if (message.kind === 'ready') signals.ready();
      if (message.kind === 'snapshot') progressed = true;
      if (message.kind === 'done') summary = message.summary;
      if (message.kind === 'failed') failure = message.failure;
    });
    child.on('exit', (code, signal) => {
      clearInterval(timer);
      signals.end();
      const failed = failure?.problems.some((p) => UNDER_WAY.has(p.code ?? '')) ?? false;
      const lost = !signals.state.asked && (silent || failed || CRASHES.includes(signal));
      resolve({ code: code ?? codeOf(signal), summary, failure, lost, progressed });
    });
  });
}

/**
 * Runs training in a process of its own and starts it again from the newest snapshot where the card hangs, fails or takes
 * the process down. Gives up after `retries` starts in a row that wrote no snapshot.
 */
export async function supervise(request: WorkerRequest): Promise<Outcome> {
  let current = request;
  for (let failures = 0; ; ) {
    const outcome = await watch(start(current), current);
    if (outcome.progressed) failures = 0;
    if (!outcome.lost || failures++ >= request.experiment.retries) return outcome;
    process.stderr.write(
      `crema: the training process was lost; starting it again from the newest snapshot (${failures} of ${request.experiment.retries})\n`,
    );
    current = { ...request, resume: 'auto' };
  }
}
