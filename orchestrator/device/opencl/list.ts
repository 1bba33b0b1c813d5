import { hostLibrary } from '../../math/index.ts';
import type { Halves } from './buffers.ts';
import type { Session } from './session.ts';

// Kinds of commands as host/src/device/enqueue.cpp reads them.
export const MARKER = 0;
export const MIGRATE = 1;
export const TASK = 2;

/** Commands to be handed to OpenCL in one native call, in the words of host/src/device/enqueue.cpp. */
export class CommandList {
  words = new Uint32Array(1024);
  length = 0;

  /** Room for `count` more words. */
  reserve(count: number): void {
    if (this.length + count <= this.words.length) return;
    const { words } = this;
    this.words = new Uint32Array(2 * (this.length + count));
    this.words.set(words);
  }

  put(word: number): void {
    this.words[this.length++] = word;
  }

  putHandle({ low, high }: Halves): void {
    this.put(low);
    this.put(high);
  }
}

/**
 * Enqueues `count` commands of a list behind those under way, waits for `waits` of them for at most so many nanoseconds, and looks once at
 * each; see host/src/device/commands.cpp. Returns how many finished.
 */
export type RunCommands = (
  list: Uint32Array,
  count: number,
  events: BigUint64Array,
  underWay: number,
  waiting: Uint32Array,
  waits: number,
  nanoseconds: number,
  statuses: Int32Array,
  times: Float64Array,
  refusal: Int32Array,
) => number;

const P = 'pointer';
const PARAMETERS = [P, P, 'i32', P, 'i32', P, 'i32', 'i64', P, P, P] as const;

export function runCommands({ cl, queue, flushes }: Session): RunCommands {
  const call = hostLibrary().declare('crema_run_commands', 'i32', PARAMETERS);
  const address = (name: string) => cl.library.address(name);
  const session = BigUint64Array.of(
    address('clSetKernelArg'),
    address('clEnqueueTask'),
    address('clEnqueueMigrateMemObjects'),
    address('clEnqueueMarkerWithWaitList'),
    flushes ? address('clFlush') : 0n,
    address('clGetEventInfo'),
    address('clGetEventProfilingInfo'),
    address('clReleaseEvent'),
    queue,
  );
  return (list, count, events, underWay, waiting, waits, nanoseconds, statuses, times, refusal) =>
    call(session, list, count, events, underWay, waiting, waits, nanoseconds, statuses, times, refusal) as number;
}
