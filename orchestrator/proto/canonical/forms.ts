import { layoutOf } from '../encode.ts';
import type { Field, MessageType } from '../types.ts';
import { Wire } from '../wire.ts';

/** How the fields of a message type are written, by `Field.position`. */
export interface FieldForms {
  /** Tag in the binary form; packed fields have it once. */
  readonly tags: Uint32Array;
  readonly packed: Uint8Array;
  readonly repeated: Uint8Array;
  /** `"name":`, and `"name":[` of repeated fields. */
  readonly keys: readonly Uint8Array[];
  readonly longestKey: number;
  /** Places in the order of field numbers, and of names. */
  readonly byNumber: Uint32Array;
  readonly byName: Uint32Array;
}

const known = new Map<MessageType, FieldForms>();

function ranks(sorted: readonly Field[]): Uint32Array {
  const result = new Uint32Array(sorted.length);
  sorted.forEach((field, rank) => {
    result[field.position] = rank;
  });
  return result;
}

export function formsOf(type: MessageType): FieldForms {
  let forms = known.get(type);
  if (!forms) {
    const { fields, ordered } = type;
    const keys = fields.map((f) => Uint8Array.from(Buffer.from(`"${f.name}":${f.repeated ? '[' : ''}`)));
    forms = {
      tags: Uint32Array.from(fields, (f) => f.number * 8 + (f.packed ? Wire.bytes : layoutOf(f))),
      packed: Uint8Array.from(fields, (f) => (f.packed ? 1 : 0)),
      repeated: Uint8Array.from(fields, (f) => (f.repeated ? 1 : 0)),
      keys,
      longestKey: Math.max(0, ...keys.map((key) => key.length)),
      byNumber: ranks(ordered),
      // ASCII, so their order is that of UTF-16 units, which RFC 8785 wants.
      byName: ranks([...fields].sort((a, b) => (a.name < b.name ? -1 : 1))),
    };
    known.set(type, forms);
  }
  return forms;
}
