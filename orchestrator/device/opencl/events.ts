import { hostLibrary } from '../../math/index.ts';
import type { NativeLibrary } from '../../native/index.ts';

/**
 * Waits for `waits` events and then looks once at each of `count`: their statuses, and of the finished ones times (queued, start, end), and
 * releases those. Returns how many finished; 0 where `nanoseconds` passed first. In C (host/src/device/wait.cpp): one call
 * instead of several per event.
 */
export type WaitAndSweep = (
  waiting: BigUint64Array,
  waits: number,
  events: BigUint64Array,
  count: number,
  statuses: Int32Array,
  times: Float64Array,
  nanoseconds: number,
) => number;

export function waitAndSweep(openCl: NativeLibrary): WaitAndSweep {
  const call = hostLibrary().declare('crema_wait_and_sweep', 'i32', [
    ...(['pointer', 'pointer', 'i32', 'pointer', 'i32', 'pointer', 'pointer', 'i64'] as const),
  ]);
  const entries = BigUint64Array.from(
    ['clGetEventInfo', 'clGetEventProfilingInfo', 'clReleaseEvent'].map((name) => openCl.address(name)),
  );
  return (waiting, waits, events, count, statuses, times, nanoseconds) =>
    call(entries, waiting, waits, events, count, statuses, times, nanoseconds) as number;
}
