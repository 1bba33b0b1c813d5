import { decodeString } from '../strings.ts';
import type { Field, MessageType } from '../types.ts';
import { FieldNames } from './field-names.ts';
import { WHOLE_TEXT } from './locate.ts';

/** Fields of the largest message, and some. */
const MOST_FIELDS = 128;

/** A message that is being read: what the reader has seen of it. Used anew for the next message of the same depth. */
export class Frame {
  type!: MessageType;
  names!: FieldNames;
  /** The field of the outer message that it is a value of; undefined for the whole text. */
  field: Field | undefined;
  /** Byte of that field's name, or of the value in a list; WHOLE_TEXT. */
  offset = WHOLE_TEXT;
  /** Its place among the values of that field. */
  index = 0;
  /** Values so far, by `Field.position`, where `stamps` has this message's. */
  private readonly counts = new Uint32Array(MOST_FIELDS);
  private readonly stamps = new Uint32Array(MOST_FIELDS);
  private stamp = 0;
  /** The text's own name of this message (`name: "conv1"`), as bytes. */
  private nameBytes: Uint8Array | undefined;
  private nameStart = 0;
  private nameEnd = 0;

  begin(type: MessageType, field?: Field, offset = WHOLE_TEXT, index = 0): void {
    // Most messages come in rows of the same type.
    if (this.type !== type) {
      this.type = type;
      this.names = FieldNames.of(type);
    }
    this.field = field;
    this.offset = offset;
    this.index = index;
    this.stamp++;
    this.nameBytes = undefined;
  }

  /** Counts a value; returns how many there are of its field. */
  count({ position }: Field): number {
    if (this.stamps[position] === this.stamp) return ++this.counts[position]!;
    this.stamps[position] = this.stamp;
    this.counts[position] = 1;
    return 1;
  }

  has({ position }: Field): boolean {
    return this.stamps[position] === this.stamp;
  }

  /** Values of a field so far. */
  countOf(field: Field): number {
    return this.has(field) ? this.counts[field.position]! : 0;
  }

  /** Its name is bytes [start, end); they must stay as they are. */
  named(bytes: Uint8Array, start: number, end: number): void {
    this.nameBytes = bytes;
    this.nameStart = start;
    this.nameEnd = end;
  }

  /** How a path calls it: a layer by its name, others by their field. */
  title(): string {
    const { name, repeated } = this.field!;
    const own = name.startsWith('layer') && this.nameBytes;
    return (own && decodeString(own, this.nameStart, this.nameEnd)) || (repeated ? `${name}[${this.index}]` : name);
  }
}
