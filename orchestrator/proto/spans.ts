import type { Span } from '../core/index.ts';
import { locateAll } from './text/locate.ts';
import { Message } from './types.ts';

/** A text with the rule that turns byte offsets into places: lines and columns from 1, columns in bytes, tabs to multiples of 8. */
export class Source {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Offsets at which lines begin, as far as places were asked for. */
  readonly #starts = [0];
  #looked = 0;
  /** Where the last column was counted: lines can be as long as the file, and places are mostly asked for in order. */
  #counted = { offset: 0, column: 0, line: -1 };

  constructor(file: string, bytes: Uint8Array) {
    this.file = file;
    // A plain view: slices of a Buffer cost much more.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Offsets at which lines begin, at least as far as `offset`. */
  #startsUpTo(offset: number): readonly number[] {
    while (this.#looked <= offset) {
      const at = this.bytes.indexOf(10, this.#looked);
      this.#looked = at < 0 ? Number.POSITIVE_INFINITY : at + 1;
      if (at >= 0) this.#starts.push(at + 1);
    }
    return this.#starts;
  }

  span(offset: number): Span {
    const starts = this.#startsUpTo(offset);
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    const known = this.#counted.line === low && this.#counted.offset <= offset ? this.#counted : undefined;
    let column = known?.column ?? 0;
    for (let i = known?.offset ?? starts[low]!; i < offset; i++) column += this.bytes[i] === 9 ? 8 - (column % 8) : 1;
    this.#counted = { offset, column, line: low };
    return { file: this.file, line: low + 1, column: column + 1 };
  }
}

/** Places in messages that were asked about: a message with many faults is read once for all of them. */
const known = new WeakMap<Message, ReadonlyMap<string, readonly number[]>>();

/**
 * The place of a message in its text, or of a field of it (the name; for the i-th value of a list, that value).
 * Undefined for messages that did not come from a text, and for fields that are not set in it.
 */
export function spanOf(message: object | null | undefined, field?: string, index = 0): Span | undefined {
  if (!(message instanceof Message)) return undefined;
  const source = Message.source(message);
  if (!source) return undefined;
  const start = Message.offset(message);
  if (field === undefined) return source.span(Math.max(start, 0));
  let places = known.get(message);
  if (!places) {
    places = locateAll(source.bytes, start);
    known.set(message, places);
  }
  const offset = places.get(field)?.[index];
  return offset === undefined ? undefined : source.span(offset);
}

/** Gives a message made from another one the place of its origin; its fields are looked for there by their names. */
export function inheritSpans(to: object, from: object | null): void {
  if (to instanceof Message && from instanceof Message) Message.place(to, Message.source(from), Message.offset(from));
}
