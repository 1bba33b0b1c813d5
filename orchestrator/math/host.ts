import { existsSync } from 'node:fs';
import type { Geometry, Layout, Shape } from '../blob/index.ts';
import { geometry } from '../blob/index.ts';
import { buildPath, deviceError, internalError } from '../core/index.ts';
import { type CType, type CValue, loadLibrary, type NativeLibrary } from '../native/index.ts';

let library: NativeLibrary | undefined;

/** The C++ layers, loaded at first use. */
export function hostLibrary(): NativeLibrary {
  if (library) return library;
  const path = buildPath('host', 'libcrema_host.so');
  if (!existsSync(path)) {
    throw deviceError({
      message: `the host library ${path} is not there`,
      code: 'no-host-library',
      hint: 'build it with: npm run build:native',
    });
  }
  library = loadLibrary(path);
  return library;
}

/** A void C function of the host library, resolved at its first call. */
export function hostFunction(symbol: string, parameters: readonly CType[]): (...values: CValue[]) => void {
  let call: ((...values: CValue[]) => unknown) | undefined;
  return (...values) => {
    call ??= hostLibrary().declare(symbol, 'void', parameters);
    call(...values);
  };
}

/** Threads of the host layers, the calling one included. Results do not depend on it. */
export const setThreads = hostFunction('crema_set_threads', ['i32']) as (threads: number) => void;

/** Lane counts that the C++ has code for. */
export const LANES: readonly number[] = [1, 4, 8, 16, 32];

/** `geometry` for the C++: the six numbers in the order every function takes them. */
export const GEOMETRY: readonly CType[] = ['i64', 'i64', 'i64', 'i64', 'i64', 'i64'];

export function geometryArguments(g: Geometry): number[] {
  if (!LANES.includes(g.lanes)) throw internalError(`no host code for ${g.lanes} lanes`);
  return [g.blocks, g.channels, g.height, g.width, g.lanes, g.batch];
}

/** A tensor as rows around one run of axes: address = (outer · size + i) · inner + j, lanes folded into `inner`. */
export interface Rows {
  readonly outer: number;
  readonly size: number;
  readonly inner: number;
  readonly lanes: number;
  readonly batch: number;
}

/**
 * Splits a shape around the axes [axis, axis + count). Works in every layout where axis ≥ 1; in NCHW also for axis 0.
 * `batch` stays the true number of images, so that sums can leave padding lanes out.
 */
export function rows(shape: Shape, layout: Layout, axis: number, count: number): Rows {
  if (axis === 0 && layout.lanes > 1) throw internalError('rows around the batch axis exist in NCHW only');
  const product = (from: number, to: number) => shape.slice(from, to).reduce((a, b) => a * b, 1);
  const inner = product(axis + count, shape.length) * layout.lanes;
  const size = product(axis, axis + count);
  if (axis === 0) return { outer: 1, size, inner, lanes: 1, batch: 1 };
  const g = geometry(shape, layout);
  return { outer: g.blocks * product(1, axis), size, inner, lanes: layout.lanes, batch: g.batch };
}
