/** C types of the functions we declare; one vocabulary for both adapters. `size` and `u64` take number or bigint. */
export type CType = 'void' | 'i32' | 'u32' | 'i64' | 'u64' | 'size' | 'f32' | 'f64' | 'pointer';

/** A pointer argument: the memory of a view (its byteOffset respected), an address, or NULL. Strings are never accepted. */
export type Pointer = ArrayBufferView | bigint | null;

export type CValue = number | bigint | Pointer;

/** Returns: i32/u32/f32/f64 as number; i64/u64/size/pointer as bigint; void as undefined. */
export type NativeFunction = (...values: CValue[]) => number | bigint | undefined;

export interface NativeLibrary {
  readonly path: string;
  /** Throws a device CremaError where the symbol is missing. Calls check count and kind of their arguments. */
  declare(symbol: string, returns: CType, parameters: readonly CType[]): NativeFunction;
  has(symbol: string): boolean;
  /** Address of a symbol (to hand one library's function to another). */
  address(symbol: string): bigint;
}

/** One FFI package behind one interface. */
export interface Adapter {
  readonly name: 'koffi' | 'ffi-napi';
  load(path: string): NativeLibrary;
  /** Address of a view's first byte. The caller keeps the view alive while native code may use it. */
  address(view: ArrayBufferView): bigint;
  /** Foreign memory as bytes, without a copy. */
  view(address: bigint, byteLength: number): Uint8Array;
  /** NUL-terminated UTF-8 at an address. */
  text(address: bigint): string;
}
