import { performance } from 'node:perf_hooks';
import type { NativeFunction, NativeLibrary } from './types.ts';

/**
 * Milliseconds this process has spent inside native calls, waits included, while the clock runs. What is left of a step's
 * time is JavaScript. Argument checks count as native: about 0.1 µs a call.
 */
export const nativeClock = { running: false, milliseconds: 0, calls: 0 };

/** The call under the clock. Made for one number of arguments: a list of them would be garbage of the measurement. */
function timed(call: NativeFunction, count: number): NativeFunction {
  const names = Array.from({ length: count }, (_, i) => `a${i}`).join(', ');
  const source = `'use strict';
return function (${names}) {
  if (!clock.running) return call(${names});
  const start = performance.now();
  try {
    return call(${names});
  } finally {
    clock.milliseconds += performance.now() - start;
    clock.calls++;
  }
};`;
  return new Function('call', 'clock', 'performance', source)(call, nativeClock, performance) as NativeFunction;
}

/** The same library with every call under the clock. */
export function clocked(library: NativeLibrary): NativeLibrary {
  return {
    path: library.path,
    has: (symbol) => library.has(symbol),
    address: (symbol) => library.address(symbol),
    declare: (symbol, returns, parameters) => timed(library.declare(symbol, returns, parameters), parameters.length),
  };
}
