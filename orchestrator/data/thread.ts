import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { CremaError, type ErrorKind, fromSource, internalError, type Problem } from '../core/index.ts';

/** Errors as they cross threads. */
export interface ThreadFailure {
  readonly kind: ErrorKind;
  readonly problems: readonly Problem[];
}

export function packFailure(error: unknown): ThreadFailure {
  if (error instanceof CremaError) return { kind: error.kind, problems: error.problems };
  return {
    kind: 'internal',
    problems: [{ message: error instanceof Error ? (error.stack ?? error.message) : String(error) }],
  };
}

/** A thread of ours that another one waits for without its event loop. */
export interface Thread {
  readonly port: MessagePort;
  /** The next message that has arrived, or undefined. */
  receive(): unknown;
  end(): void;
}

/**
 * What the thread runs. From TypeScript sources it goes through tsx's require hook: the import hook of Node 20 needs the event loop of the
 * main thread, which waits for us.
 */
function entry(file: string): URL | string {
  const url = new URL(`./${file}${fromSource ? '.ts' : '.js'}`, import.meta.url);
  if (!fromSource) return url;
  const require = createRequire(import.meta.url);
  return `require(${JSON.stringify(require.resolve('tsx/cjs'))}); require(${JSON.stringify(fileURLToPath(url))});`;
}

/**
 * Starts `file` (a name without extension in this folder) as a thread with `data` and one end of a channel as workerData. It does not keep the
 * process alive, and what it prints goes nowhere: libraries are silent.
 */
export function startThread(file: string, data: object): Thread {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(entry(file), {
    workerData: { ...data, port: port2 },
    transferList: [port2],
    eval: fromSource,
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  worker.on('error', () => {}); // told through the channel, or by the deadline of whoever waits
  worker.unref();
  port1.unref();
  return {
    port: port1,
    receive: () => receiveMessageOnPort(port1)?.message,
    end() {
      port1.close();
      void worker.terminate();
    },
  };
}

/** Milliseconds a thread may take for one answer: a disk that sleeps, a large file; not a thread that died. */
const PATIENCE = 120_000;

/** Sleeps until `control[word]` is no longer `value`. Throws where nothing happens for two minutes. */
export function awaitChange(control: Int32Array, word: number, value: number, what: string): void {
  if (Atomics.wait(control, word, value, PATIENCE) === 'timed-out') {
    throw internalError(`${what} gave no answer in ${PATIENCE / 1000} s`);
  }
}

/** Raises the failure a thread sent. */
export function raise(failure: unknown, what: string): never {
  if (failure && typeof failure === 'object' && 'problems' in failure) {
    const { kind, problems } = failure as ThreadFailure;
    throw new CremaError(kind, problems);
  }
  throw internalError(`${what} failed without a reason`);
}
