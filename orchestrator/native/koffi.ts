import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';
import { compileCall } from './compile.ts';
import { loadFailure, symbolFailure } from './failures.ts';
import type { Adapter, CType, NativeFunction, NativeLibrary } from './types.ts';

const NAMES: Record<CType, string> = {
  void: 'void',
  i32: 'int32_t',
  u32: 'uint32_t',
  i64: 'int64_t',
  u64: 'uint64_t',
  size: 'size_t',
  f32: 'float',
  f64: 'double',
  pointer: 'void *',
};

type Koffi = typeof import('koffi');
const require = createRequire(import.meta.url);
let loaded: Koffi | undefined;

/** Loaded at the first use: a command that calls no C does not wait for it. */
function koffiPackage(): Koffi {
  if (!loaded) {
    loaded = require('koffi') as Koffi;
    // It runs C on stacks of its own; its defaults (2 MiB, 128 KiB for async) are below what the system gives a thread.
    loaded.config({ sync_stack_size: 8 * 2 ** 20, async_stack_size: 2 ** 20 });
  }
  return loaded;
}

/** koffi gives small 64-bit values as numbers and NULL as null; callers see bigints only. */
const asBigint = (value: number | bigint | null): bigint => (typeof value === 'bigint' ? value : BigInt(value ?? 0));

function wrap(symbol: string, raw: unknown, returns: CType, parameters: readonly CType[]): NativeFunction {
  const wide = returns === 'pointer' || returns === 'u64' || returns === 'i64' || returns === 'size';
  return compileCall(symbol, parameters, {
    source: (names) => (wide ? `return asBigint(raw(${names}));` : `return raw(${names});`),
    scope: { raw, asBigint },
  });
}

function load(koffi: Koffi, path: string): NativeLibrary {
  const library = open(koffi, path);
  const find = (symbol: string): bigint | undefined => {
    try {
      return BigInt(library.symbol(symbol));
    } catch {
      return undefined;
    }
  };
  const address = (symbol: string): bigint => {
    const found = find(symbol);
    if (found === undefined) throw symbolFailure(path, symbol);
    return found;
  };
  return {
    path,
    address,
    has: (symbol) => find(symbol) !== undefined,
    declare(symbol, returns, parameters) {
      address(symbol);
      const raw = library.func(
        symbol,
        NAMES[returns],
        parameters.map((type) => NAMES[type]),
      );
      return wrap(symbol, raw, returns, [...parameters]);
    },
  };
}

// dlfcn.h of Linux
const RTLD_LAZY = 1;
const RTLD_NOLOAD = 4;
const RTLD_NODELETE = 0x1000;
let dlopen: ((path: string, mode: number) => unknown) | undefined;

/**
 * Keeps a library mapped until the process is gone. koffi unloads it when the JavaScript thread that opened it ends, the main thread's
 * too; a thread that the library started itself (our pools, a runtime's) would then run in memory that is no longer there.
 */
function pin(koffi: Koffi, path: string): void {
  dlopen ??= koffi.load(null).func('dlopen', 'void *', ['str', 'int']);
  if (dlopen(path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) === null) throw new Error('cannot be kept in memory');
}

function open(koffi: Koffi, path: string): LibraryHandle {
  try {
    const library = koffi.load(path);
    pin(koffi, path);
    return library;
  } catch (cause) {
    throw loadFailure(path, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

/** Adapter over koffi (MIT, prebuilt for 20 platforms): the default. */
export function openKoffi(): Adapter {
  const koffi = koffiPackage();
  return {
    name: 'koffi',
    load: (path) => load(koffi, path),
    address: (view) => BigInt(koffi.address(view)),
    view: (address, byteLength) => new Uint8Array(koffi.view(address, byteLength), 0, byteLength),
    text: (address) => koffi.decode.string(address),
  };
}
