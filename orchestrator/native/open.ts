import { PAGE, setPageOffset } from '../blob/index.ts';
import { usageError } from '../core/index.ts';
import { clocked } from './clock.ts';
import { openFfiNapi } from './ffi-napi.ts';
import { openKoffi } from './koffi.ts';
import type { Adapter, NativeLibrary } from './types.ts';

let opened: Adapter | undefined;
const libraries = new Map<string, NativeLibrary>();

function choose(): Adapter {
  const wanted = process.env.CREMA_FFI ?? 'koffi';
  if (wanted === 'koffi') return openKoffi();
  if (wanted === 'ffi-napi') return openFfiNapi();
  throw usageError({ message: `CREMA_FFI is "${wanted}"`, expected: 'koffi or ffi-napi', code: 'bad-ffi' });
}

/** Offset within `buffer` of its first byte that lies on a page of 4 KiB. */
function pageOffsetIn(adapter: Adapter, buffer: ArrayBuffer): number {
  const address = adapter.address(new Uint8Array(buffer));
  return Number(-address & BigInt(PAGE - 1));
}

/**
 * The FFI door of this process, opened at the first call and chosen once: koffi, or ffi-napi where `CREMA_FFI=ffi-napi`.
 * ffi-napi ends a worker thread with a fault unless the main thread loaded it first: call this there before starting workers.
 */
export function native(): Adapter {
  opened ??= choose();
  return opened;
}

// Only this room can tell an address; from here on blob/ puts every tensor on a page boundary.
setPageOffset((buffer) => pageOffsetIn(native(), buffer));

/** Loads a shared library, once per path. Throws a device CremaError with a hint where it cannot be loaded. */
export function loadLibrary(path: string): NativeLibrary {
  let library = libraries.get(path);
  if (!library) {
    library = native().load(path);
    // Benchmarks ask for it before anything is loaded; a training run pays nothing.
    if (process.env.CREMA_NATIVE_CLOCK === '1') library = clocked(library);
    libraries.set(path, library);
  }
  return library;
}
