import type { Field, MessageType } from '../types.ts';

const SLOTS = 256;
const known = new Map<MessageType, FieldNames>();

const hashOf = (bytes: Uint8Array, start: number, end: number): number =>
  Math.imul(end - start, 37) +
  Math.imul(bytes[start]!, 11) +
  Math.imul(bytes[end - 1]!, 5) +
  bytes[(start + end) >> 1]!;

/** Finds the fields of a message type by their names as bytes, without making a string of every name in the text. */
export class FieldNames {
  private readonly fields: (Field | undefined)[] = new Array(SLOTS).fill(undefined);
  private readonly names: (Uint8Array | undefined)[] = new Array(SLOTS).fill(undefined);

  private constructor(type: MessageType) {
    for (const field of type.fields) {
      const name = Uint8Array.from(Buffer.from(field.name, 'latin1'));
      let slot = hashOf(name, 0, name.length) & (SLOTS - 1);
      while (this.fields[slot]) slot = (slot + 1) & (SLOTS - 1);
      this.fields[slot] = field;
      this.names[slot] = name;
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

  /** The field that bytes [start, end) name. */
  find(bytes: Uint8Array, start: number, end: number): Field | undefined {
    const length = end - start;
    // A message has far fewer fields than there are slots, so a search ends.
    for (let slot = hashOf(bytes, start, end) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const name = this.names[slot];
      if (name === undefined) return undefined;
      if (name.length !== length) continue;
      let i = 0;
      while (i < length && name[i] === bytes[start + i]) i++;
      if (i === length) return this.fields[slot];
    }
  }
}
