import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { deviceError, internalError } from '../core/index.ts';
import { compileCall } from './compile.ts';
import { loadFailure, symbolFailure } from './failures.ts';
import type { Adapter, CType, NativeFunction, NativeLibrary } from './types.ts';

/** The parts of ffi-napi and ref-napi that call frames need. Their documented API costs 3-40 µs a call and leaks in loops. */
interface Ffi {
  CIF(returns: string, parameters: string[]): Buffer;
  DynamicLibrary: (new (
    path: string,
    mode: number,
  ) => { get(symbol: string): Buffer }) & {
    FLAGS: { RTLD_NOW: number };
  };
}
interface Ref {
  address(buffer: Buffer): number;
  writePointer(target: Buffer, offset: number, value: Buffer): void;
  readPointer(source: Buffer, offset: number, length: number): Buffer;
  readCString(source: Buffer, offset: number): string;
}
type FfiCall = (cif: Buffer, fn: Buffer, result: Buffer, args: Buffer) => void;

const require = createRequire(import.meta.url);

/** Set by the main thread: a worker that loads ffi-napi first takes the process down with it when it ends. */
const LOADED = 'CREMA_FFI_NAPI_LOADED';

function openPackages(): { ffi: Ffi; ref: Ref; call: FfiCall } {
  if (!isMainThread && process.env[LOADED] !== String(process.pid)) {
    throw deviceError({
      message: 'ffi-napi was opened in a worker before the main thread',
      hint: 'call native() in the main thread before starting workers, or use CREMA_FFI=koffi',
      code: 'ffi-napi-worker',
    });
  }
  try {
    // The order matters: initialised by its JavaScript part, the addon leaves cleanly; loaded alone it aborts at exit.
    const ffi = require('ffi-napi') as Ffi;
    const ref = require('ref-napi') as Ref;
    const { ffi_call: call } = require('ffi-napi/lib/bindings') as { ffi_call: FfiCall };
    if (isMainThread) process.env[LOADED] = String(process.pid);
    return { ffi, ref, call };
  } catch (cause) {
    const hint = 'its prebuilt binaries cover x64 and linux-arm64 (glibc); elsewhere use CREMA_FFI=koffi';
    throw deviceError({ message: 'ffi-napi cannot be loaded', hint, code: 'ffi-napi-missing' }, cause);
  }
}

const NAMES: Record<CType, string> = {
  void: 'void',
  i32: 'int32',
  u32: 'uint32',
  i64: 'int64',
  u64: 'uint64',
  size: 'uint64',
  f32: 'float',
  f64: 'double',
  pointer: 'pointer',
};

/** How the value called `a` gets into its cell, at byte `at`; little-endian, as every machine these packages run on. */
function write(type: CType, a: string, at: number): string {
  switch (type) {
    case 'i32':
      return `slots.setInt32(${at}, ${a}, true);`;
    case 'u32':
      return `slots.setUint32(${at}, ${a}, true);`;
    case 'f32':
      return `slots.setFloat32(${at}, ${a}, true);`;
    case 'f64':
      return `slots.setFloat64(${at}, ${a}, true);`;
    case 'pointer':
      return `if (typeof ${a} === 'bigint') slots.setBigUint64(${at}, ${a}, true); else put(${at}, ${a} === null ? 0 : addressOf(${a}));`;
    default:
      return `if (typeof ${a} === 'bigint') slots.setBigInt64(${at}, ${a}, true); else put(${at}, ${a});`;
  }
}

const READ: Record<CType, string> = {
  void: '',
  i32: 'return cell.getInt32(0, true);',
  u32: 'return cell.getUint32(0, true);',
  f32: 'return cell.getFloat32(0, true);',
  f64: 'return cell.getFloat64(0, true);',
  i64: 'return cell.getBigInt64(0, true);',
  u64: 'return cell.getBigUint64(0, true);',
  size: 'return cell.getBigUint64(0, true);',
  pointer: 'return cell.getBigUint64(0, true);',
};

const cells = (count: number): Buffer => Buffer.allocUnsafeSlow(Math.max(16, 8 * count)).fill(0);
const viewOf = (buffer: Buffer): DataView => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

export function openFfiNapi(): Adapter {
  const { ffi, ref, call } = openPackages();

  // V8 never moves the memory of an ArrayBuffer, so its address is looked up once (300 ns each otherwise).
  const bases = new WeakMap<ArrayBufferLike, number>();
  const baseOf = (buffer: ArrayBufferLike): number => {
    let base = bases.get(buffer);
    if (base === undefined) {
      if (!(buffer instanceof ArrayBuffer)) {
        throw internalError('ffi-napi cannot pass shared memory to C; use CREMA_FFI=koffi');
      }
      base = ref.address(Buffer.from(buffer));
      if (buffer.byteLength > 0) bases.set(buffer, base);
    }
    return base;
  };
  const addressOf = (view: ArrayBufferView): number => baseOf(view.buffer) + view.byteOffset;

  /** One call frame, made once: argument cells, the block of pointers to them, and a cell for the result. */
  function frame(symbol: string, fn: Buffer, returns: CType, parameters: readonly CType[]): NativeFunction {
    const types = parameters.map((type) => NAMES[type]);
    const cif = ffi.CIF(NAMES[returns], types);
    const slots = cells(parameters.length);
    const args = cells(parameters.length);
    const result = cells(2);
    parameters.forEach((_, i) => {
      ref.writePointer(args, 8 * i, slots.subarray(8 * i, 8 * i + 8));
    });
    const slotView = viewOf(slots);
    /** A 64-bit integer that a double holds exactly, without the cost of a bigint. */
    const put = (at: number, value: number): void => {
      slotView.setUint32(at, value >>> 0, true);
      slotView.setInt32(at + 4, Math.floor(value / 2 ** 32) | 0, true);
    };
    return compileCall(symbol, parameters, {
      source: (names) => {
        const writes = names.map((name, i) => write(parameters[i]!, name, 8 * i));
        return [...writes, 'call(cif, fn, result, args);', READ[returns]].join('\n  ');
      },
      scope: { slots: slotView, cell: viewOf(result), put, addressOf, call, cif, fn, result, args },
    });
  }

  function load(path: string): NativeLibrary {
    const library = openLibrary(ffi, path);
    const symbols = new Map<string, Buffer | undefined>();
    const find = (symbol: string): Buffer | undefined => {
      if (!symbols.has(symbol)) symbols.set(symbol, lookUp(library, symbol));
      return symbols.get(symbol);
    };
    const get = (symbol: string): Buffer => {
      const found = find(symbol);
      if (!found) throw symbolFailure(path, symbol);
      return found;
    };
    return {
      path,
      has: (symbol) => find(symbol) !== undefined,
      address: (symbol) => BigInt(ref.address(get(symbol))),
      declare: (symbol, returns, parameters) => frame(symbol, get(symbol), returns, [...parameters]),
    };
  }

  /** Foreign memory as a Buffer that owns nothing. */
  const foreign = (address: bigint, byteLength: number): Buffer => {
    const cell = cells(1);
    cell.writeBigUInt64LE(address);
    return ref.readPointer(cell, 0, byteLength);
  };
  return {
    name: 'ffi-napi',
    load,
    address: (view) => BigInt(addressOf(view)),
    view(address, byteLength) {
      const bytes = foreign(address, byteLength);
      return new Uint8Array(bytes.buffer, bytes.byteOffset, byteLength);
    },
    text: (address) => ref.readCString(foreign(address, 1), 0),
  };
}

function openLibrary(ffi: Ffi, path: string): InstanceType<Ffi['DynamicLibrary']> {
  try {
    return new ffi.DynamicLibrary(path, ffi.DynamicLibrary.FLAGS.RTLD_NOW);
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace('Dynamic Linking Error: ', '');
    throw loadFailure(path, reason, cause);
  }
}

function lookUp(library: InstanceType<Ffi['DynamicLibrary']>, symbol: string): Buffer | undefined {
  try {
    return library.get(symbol);
  } catch {
    return undefined;
  }
}
