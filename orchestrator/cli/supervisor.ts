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
  readonly stuck: boolean;
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

function watch(child: ChildProcess, request: WorkerRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    let summary: TrainSummary | undefined;
    let failure: Failure | undefined;
    let stuck = false;
    let last = Date.now();
    const limit = silence(request.experiment.deadline);
    const timer = setInterval(() => {
      if (Date.now() - last < limit) return;
      stuck = true;
      child.kill('SIGKILL');
    }, 1000);
    child.on('message', (message: { kind: string; summary?: TrainSummary; failure?: Failure }) => {
      last = Date.now();
      if (message.kind === 'done') summary = message.summary;
      if (message.kind === 'failed') failure = message.failure;
    });
    // A terminal sends SIGINT to the whole group: the worker has it already; the supervisor only must not die of it.
    const interrupt = () => undefined;
    const forward = (signal: NodeJS.Signals) => void child.kill(signal);
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', forward);
    process.on('SIGHUP', forward);
    child.on('exit', (code, signal) => {
      clearInterval(timer);
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', forward);
      process.off('SIGHUP', forward);
      resolve({
        code: code ?? (signal ? EXIT.device : EXIT.internal),
        summary,
        failure,
        stuck: stuck || signal === 'SIGKILL' || signal === 'SIGSEGV' || signal === 'SIGBUS',
      });
    });
  });
}

/**
 * Runs training in a process of its own and starts it again from the newest snapshot where the device hangs or takes the
 * process down, at most `retries` times.
 */
export async function supervise(request: WorkerRequest): Promise<Outcome> {
  let current = request;
  for (let attempt = 0; ; attempt++) {
    const outcome = await watch(start(current), current);
    const lost = outcome.stuck || outcome.code === EXIT.device;
    if (!lost || attempt >= request.experiment.retries || !outcome.stuck) return outcome;
    process.stderr.write(
      `crema: the training process stopped answering; starting it again from the newest snapshot (${attempt + 1} of ${request.experiment.retries})\n`,
    );
    current = { ...request, resume: 'auto' };
  }
}
