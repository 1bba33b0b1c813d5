import { loadLibrary, type NativeFunction, type NativeLibrary } from '../../native/index.ts';
import { check, openClError } from './errors.ts';
import { type EntryPoint, SIGNATURES } from './signatures.ts';

/** A handle of the OpenCL library; 0n is none. */
export type Handle = bigint;

/** The entry points of one OpenCL library. */
export interface OpenCl extends Readonly<Record<EntryPoint, NativeFunction>> {
  readonly library: NativeLibrary;
}

const loaded = new Map<string, OpenCl>();

/** Loads an OpenCL library (an ICD loader, or an implementation that exports the entry points). Throws a device CremaError. */
export function loadOpenCl(path: string): OpenCl {
  let cl = loaded.get(path);
  if (!cl) {
    const library = loadLibrary(path);
    const entries = Object.entries(SIGNATURES).map(([name, [returns, parameters]]) => [
      name,
      library.declare(name, returns, parameters),
    ]);
    cl = { library, ...Object.fromEntries(entries) } as OpenCl;
    loaded.set(path, cl);
  }
  return cl;
}

const status = new Int32Array(1);

/** Calls a clCreate… whose last parameter is the error code. */
export function create(doing: () => string, make: (status: Int32Array) => number | bigint | undefined): Handle {
  status[0] = 0;
  const made = make(status) as bigint;
  if (status[0] !== 0 || made === 0n) throw openClError(status[0] || -30, doing());
  return made;
}

/** A NUL-terminated string for C. */
export const cString = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

export function infoText(query: NativeFunction, object: Handle, name: number): string {
  const size = new BigUint64Array(1);
  check(query(object, name, 0, null, size), () => `querying 0x${name.toString(16)}`);
  const text = new Uint8Array(Number(size[0]));
  if (text.length > 0) check(query(object, name, text.length, text, null), () => `querying 0x${name.toString(16)}`);
  return new TextDecoder().decode(text).replace(/\0.*$/s, '').trim();
}

/** A cl_ulong property. */
export function infoNumber(query: NativeFunction, object: Handle, name: number): number {
  const value = new BigUint64Array(1);
  check(query(object, name, 8, value, null), () => `querying 0x${name.toString(16)}`);
  return Number(value[0]);
}
