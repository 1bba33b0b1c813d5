import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { CremaError, type ErrorKind, fromSource, internalError, type Problem, programFile } from '../core/index.ts';

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
  /** It died or ran to its end: no answer will come any more, except one that already waits. */
  ended(): boolean;
  /** Ends it, after at most `patience` milliseconds in which it may end by itself and close what it has open. */
  end(patience?: number): void;
}

/**
 * What the thread runs first: whoever waits for it cannot hear its events, so it says itself, through memory, that it is over, and through the
 * channel why.
 */
const BOOT = `const { workerData: { port, over } } = require('node:worker_threads');
process.on('exit', () => { Atomics.store(over, 0, 1); Atomics.notify(over, 0); });
process.on('uncaughtExceptionMonitor', (error) => {
  port.postMessage({ kind: 'internal', problems: [{ message: String(error?.stack ?? error) }] });
});
`;

/**
 * Code that loads `file`. From TypeScript sources it goes through tsx's require hook: the import hook of Node 20 needs the event loop of the
 * main thread, which waits for us.
 */
function entry(file: string): string {
  const path = programFile(`orchestrator/data/${file}`);
  if (!fromSource) return `import(${JSON.stringify(pathToFileURL(path).href)});`;
  const require = createRequire(import.meta.url);
  return `require(${JSON.stringify(require.resolve('tsx/cjs'))}); require(${JSON.stringify(path)});`;
}

/**
 * Starts `file` (a name without extension in this folder) as a thread with `data` and one end of a channel as workerData. It does not keep the
 * process alive, and what it prints goes nowhere: libraries are silent.
 */
export function startThread(file: string, data: object): Thread {
  const { port1, port2 } = new MessageChannel();
  const over = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(BOOT + entry(file), {
    workerData: { ...data, port: port2, over },
    transferList: [port2],
    eval: true,
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  worker.on('error', () => {}); // told through the channel
  worker.unref();
  port1.unref();
  return {
    port: port1,
    receive: () => receiveMessageOnPort(port1)?.message,
    ended: () => Atomics.load(over, 0) !== 0,
    end(patience = 0) {
      Atomics.wait(over, 0, 0, patience);
      port1.close();
      void worker.terminate();
    },
  };
}

/** Milliseconds a thread may take for one answer: a disk that sleeps, a large file. */
const PATIENCE = 120_000;
/** Milliseconds between looks whether the thread is still there. */
const GLANCE = 100;

/** Sleeps until `control[word]` is no longer `value`. Throws where the thread is over, or where nothing happens for two minutes. */
export function awaitChange(thread: Thread, control: Int32Array, word: number, value: number, what: string): void {
  const deadline = performance.now() + PATIENCE;
  while (Atomics.wait(control, word, value, GLANCE) === 'timed-out') {
    if (thread.ended() && Atomics.load(control, word) === value) raise(thread.receive(), what);
    if (performance.now() > deadline) throw internalError(`${what} gave no answer in ${PATIENCE / 1000} s`);
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
