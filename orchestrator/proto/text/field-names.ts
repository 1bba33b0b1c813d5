import { internalError } from '../../core/index.ts';
import type { Field, MessageType } from '../types.ts';

const SLOTS = 256;
/** Longest name. */
const WIDTH = 32;
const known = new Map<MessageType, FieldNames>();

const hashOf = (bytes: Uint8Array, start: number, end: number): number =>
  Math.imul(end - start, 37) +
  Math.imul(bytes[start]!, 11) +
  Math.imul(bytes[end - 1]!, 5) +
  bytes[(start + end) >> 1]!;

/** Finds the fields of a message type by their names as bytes, without making a string of every name in the text. */
export class FieldNames {
  private readonly fields: (Field | undefined)[] = new Array(SLOTS).fill(undefined);
  private readonly lengths = new Uint8Array(SLOTS);
  /** The names, WIDTH bytes each. */
  private readonly names = new Uint8Array(SLOTS * WIDTH);
  private readonly words = new DataView(this.names.buffer);

  private constructor(type: MessageType) {
    for (const field of type.fields) {
      const name = Uint8Array.from(Buffer.from(field.name, 'latin1'));
      if (name.length > WIDTH) throw internalError(`the name ${field.name} is longer than ${WIDTH} bytes`);
      let slot = hashOf(name, 0, name.length) & (SLOTS - 1);
      while (this.fields[slot]) slot = (slot + 1) & (SLOTS - 1);
      this.fields[slot] = field;
      this.names.set(name, slot * WIDTH);
      this.lengths[slot] = name.length;
    }
  }

  static of(type: MessageType): FieldNames {
    let names = known.get(type);
    if (!names) {
      names = new FieldNames(type);
      known.set(type, names);
    }
    return names;
  }

  /** The field that bytes [start, end) of `view` name; `bytes` are the same. */
  find(bytes: Uint8Array, view: DataView, start: number, end: number): Field | undefined {
    const length = end - start;
    // A message has far fewer fields than there are slots, so a search ends.
    for (let slot = hashOf(bytes, start, end) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const field = this.fields[slot];
      if (field === undefined) return undefined;
      if (this.lengths[slot] !== length) continue;
      // Four bytes at a time, the last four once more: V8 takes twenty instructions for each access, whatever its width.
      const from = slot * WIDTH;
      let i = 0;
      if (length < 4) while (i < length && this.names[from + i] === bytes[start + i]) i++;
      else {
        while (i < length - 4 && this.words.getInt32(from + i) === view.getInt32(start + i)) i += 4;
        if (i >= length - 4 && this.words.getInt32(from + length - 4) === view.getInt32(end - 4)) i = length;
      }
      if (i === length) return field;
    }
  }
}
