import { hostLibrary } from '../../math/index.ts';
import type { NativeLibrary } from '../../native/index.ts';

/** Waits and sweeps of events in C (host/src/device/wait.cpp): one call instead of several per event. */
export interface EventPoll {
  /** 0: all complete; 1: `nanoseconds` passed first; negative: the first failing status. */
  wait(events: BigUint64Array, count: number, nanoseconds: number): number;
  /** Reads status and times (queued, start, end) of each event and releases the finished ones; returns how many finished. */
  sweep(events: BigUint64Array, count: number, statuses: Int32Array, times: Float64Array): number;
}

export function eventPoll(openCl: NativeLibrary): EventPoll {
  const host = hostLibrary();
  const wait = host.declare('crema_wait_events', 'i32', ['u64', 'pointer', 'i32', 'i64']);
  const sweep = host.declare('crema_sweep_events', 'i32', [
    'u64',
    'u64',
    'u64',
    'pointer',
    'i32',
    'pointer',
    'pointer',
  ]);
  const info = openCl.address('clGetEventInfo');
  const profile = openCl.address('clGetEventProfilingInfo');
  const release = openCl.address('clReleaseEvent');
  return {
    wait: (events, count, nanoseconds) => wait(info, events, count, nanoseconds) as number,
    sweep: (events, count, statuses, times) => sweep(info, profile, release, events, count, statuses, times) as number,
  };
}
