import type { CType, NativeFunction } from '../native/index.ts';
import { hostLibrary } from './host.ts';

/** A function of the host library that returns a count, resolved at its first call. */
function counting(symbol: string, parameters: readonly CType[]): (...values: Parameters<NativeFunction>) => number {
  let call: NativeFunction | undefined;
  return (...values) => {
    call ??= hostLibrary().declare(symbol, 'i64', parameters);
    return Number(call(...values));
  };
}

/** Steps an LMDB cursor; `get` is the address of mdb_cursor_get. Returns `count` or an LMDB error code below 0. */
export const lmdbWalk = counting('crema_lmdb_walk', ['pointer', 'pointer', 'i32', 'i64', 'pointer', 'pointer']) as (
  get: bigint,
  cursor: bigint,
  first: 0 | 1,
  count: number,
  addresses: BigInt64Array,
  sizes: BigInt64Array,
) => number;

/** Steps over keys; returns how many there were. */
export const lmdbSkip = counting('crema_lmdb_skip', ['pointer', 'pointer', 'i32', 'i64']) as (
  get: bigint,
  cursor: bigint,
  first: 0 | 1,
  count: number,
) => number;

/**
 * Copies values of a LevelDB iterator into `arena`. `functions`: addresses of leveldb_iter_valid, _value, _next. Returns the number
 * copied; `needed[0]` is the size of a value that did not fit, else 0.
 */
export const leveldbWalk = counting('crema_leveldb_walk', [
  ...(['pointer', 'pointer', 'i64', 'pointer', 'i64', 'pointer', 'pointer', 'pointer'] as const),
]) as (
  functions: BigUint64Array,
  iterator: bigint,
  count: number,
  arena: Uint8Array,
  capacity: number,
  addresses: BigInt64Array,
  sizes: BigInt64Array,
  needed: BigInt64Array,
) => number;

/** Steps over up to `count` keys of a LevelDB iterator; returns how many there were. */
export const leveldbSkip = counting('crema_leveldb_skip', ['pointer', 'pointer', 'i64']) as (
  functions: BigUint64Array,
  iterator: bigint,
  count: number,
) => number;
