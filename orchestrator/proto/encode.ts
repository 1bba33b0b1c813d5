import { internalError } from '../core/index.ts';
import { exactBits, type Values } from './message.ts';
import type { Messages } from './messages.ts';
import { presentFields } from './present.ts';
import { encodeString, isAscii } from './strings.ts';
import { type Field, Message, type TypeName } from './types.ts';
import { varintSize, Wire, WireWriter } from './wire.ts';

/** Set fields of each message, sizes of sub-messages and bytes of strings, found in the first pass and used in order by the second. */
interface Measured {
  readonly sizes: number[];
  readonly strings: (string | Uint8Array)[];
  /** Those of one message, then undefined; a message's parts follow in the order in which they are written. */
  readonly fields: (Field | undefined)[];
}

const isTyped = (value: unknown): value is Float32Array | Float64Array =>
  value instanceof Float32Array || value instanceof Float64Array;

export const layoutOf = (field: Field): number => {
  if (field.type === 'float') return Wire.fixed32;
  if (field.type === 'double') return Wire.fixed64;
  return field.type === 'string' || field.type === 'bytes' || field.type === 'message' ? Wire.bytes : Wire.varint;
};

const tagOf = (field: Field): number => field.number * 8 + (field.packed ? Wire.bytes : layoutOf(field));
/** Negative integers take ten bytes, as 64-bit two's complement. */
function integerSize(value: number, bits: bigint | undefined): number {
  if (bits === undefined) return value < 0 ? 10 : varintSize(value);
  return bits < 0n ? 10 : Math.ceil(bits.toString(2).length / 7);
}

/** Bytes of a value without tag and, for packed ones, without length. */
function valueSize(message: Message, field: Field, value: unknown, index: number, out: Measured): number {
  switch (field.type) {
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'bool':
      return 1;
    case 'string':
    case 'bytes': {
      const ascii = field.type === 'string' && isAscii(value as string);
      const bytes = field.type === 'bytes' || ascii ? (value as Uint8Array | string) : encodeString(value as string);
      out.strings.push(bytes);
      return varintSize(bytes.length) + bytes.length;
    }
    case 'message': {
      const slot = out.sizes.push(0) - 1;
      const size = messageSize(value as Message, out);
      out.sizes[slot] = size;
      return varintSize(size) + size;
    }
    default:
      return integerSize(value as number, exactBits(message, field, index));
  }
}

function messageSize(message: Message, out: Measured): number {
  let total = 0;
  const fields = presentFields(message);
  for (const field of fields) out.fields.push(field);
  out.fields.push(undefined);
  for (const field of fields) {
    const value = (message as Message & Values)[field.name];
    const tag = varintSize(field.number * 8);
    if (!field.repeated) {
      total += tag + valueSize(message, field, value, 0, out);
      continue;
    }
    const list = value as ArrayLike<unknown>;
    if (!field.packed) {
      for (let i = 0; i < list.length; i++) total += tag + valueSize(message, field, list[i], i, out);
      continue;
    }
    let size = 0;
    if (field.type === 'float') size = 4 * list.length;
    else if (field.type === 'double') size = 8 * list.length;
    else for (let i = 0; i < list.length; i++) size += valueSize(message, field, list[i], i, out);
    out.sizes.push(size);
    total += tag + varintSize(size) + size;
  }
  return total;
}

class Encoder {
  readonly writer: WireWriter;
  readonly #measured: Measured;
  #size = 0;
  #string = 0;
  #field = 0;

  constructor(size: number, measured: Measured) {
    this.writer = new WireWriter(size);
    this.#measured = measured;
  }

  message(message: Message): void {
    const { writer } = this;
    const { fields } = this.#measured;
    const first = this.#field;
    this.#field = fields.indexOf(undefined, first) + 1;
    for (let at = first; fields[at]; at++) {
      const field = fields[at]!;
      const value = (message as Message & Values)[field.name];
      const tag = tagOf(field);
      if (!field.repeated) {
        writer.varint(tag);
        this.#value(message, field, value, 0);
        continue;
      }
      const list = value as ArrayLike<unknown>;
      if (field.packed) {
        writer.varint(tag);
        writer.varint(this.#measured.sizes[this.#size++]!);
        if (isTyped(list) && list.BYTES_PER_ELEMENT === (field.type === 'float' ? 4 : 8)) {
          writer.chunk(new Uint8Array(list.buffer, list.byteOffset, list.byteLength));
          continue;
        }
      }
      for (let i = 0; i < list.length; i++) {
        if (!field.packed) writer.varint(tag);
        this.#value(message, field, list[i], i);
      }
    }
  }

  #value(message: Message, field: Field, value: unknown, index: number): void {
    const { writer } = this;
    switch (field.type) {
      case 'float': {
        const bits = exactBits(message, field, index);
        if (bits === undefined) writer.float(value as number);
        else writer.word(Number(bits));
        return;
      }
      case 'double':
        writer.double(value as number);
        return;
      case 'bool':
        writer.varint(value ? 1 : 0);
        return;
      case 'string':
      case 'bytes': {
        const bytes = this.#measured.strings[this.#string++]!;
        writer.varint(bytes.length);
        if (typeof bytes === 'string') writer.ascii(bytes);
        else writer.chunk(bytes);
        return;
      }
      case 'message':
        writer.varint(this.#measured.sizes[this.#size++]!);
        this.message(value as Message);
        return;
      default: {
        const bits = exactBits(message, field, index);
        if (bits !== undefined) {
          writer.varint64(bits);
          return;
        }
        const number = value as number;
        if (!Number.isSafeInteger(number)) throw internalError(`${field.name} = ${number} is not an exact integer`);
        if (number < 0) writer.varint64(BigInt(number));
        else writer.varint(number);
        return;
      }
    }
  }
}

/** The binary form of a message: fields in the order of their numbers, packed where the schema says so, as C++ writes them. */
export function encode<N extends TypeName>(type: N, message: Messages[N]): Buffer {
  const object = message as unknown as Message;
  if (!(object instanceof Message) || object.$type.name !== type) throw internalError(`encode wants a ${type}`);
  const measured: Measured = { sizes: [], strings: [], fields: [] };
  const encoder = new Encoder(messageSize(object, measured), measured);
  encoder.message(object);
  return encoder.writer.bytes;
}
