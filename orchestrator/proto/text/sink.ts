import type { Field } from '../types.ts';

/**
 * What the reader of texts hands over: the values of a message in the order of the text. A singular field comes once; the
 * values of a repeated one come one by one, not necessarily in a row.
 */
export interface Sink {
  /** A sub-message of the current message begins and is the current one until `close`. `offset`: the byte of the field's name, or of the value in a list. */
  open(field: Field, offset: number): void;
  close(field: Field): void;
  /** An integer or the number of an enumeration's value. `bits`: the exact value where `value` is only the nearest double. */
  integer(field: Field, value: number, bits?: bigint): void;
  bool(field: Field, value: boolean): void;
  /**
   * A float (rounded to single precision) or double. `decimal`: the value as written where that has at most six digits, so that no shorter
   * decimal reads back to the same value; NaN where it is not known to. `bits`: those of a NaN with its sign set, as a single.
   */
  real(field: Field, value: number, decimal: number, bits?: bigint): void;
  /** The content of a string, or of a `bytes` field, is bytes [start, end); they are not kept. */
  content(field: Field, bytes: Uint8Array, start: number, end: number): void;
}
