import { dataError } from '../core/index.ts';
import { Allowance } from './allowance.ts';
import { layoutOf } from './encode.ts';
import type { Values } from './message.ts';
import type { Messages } from './messages.ts';
import { missingRequired } from './required.ts';
import { decodeString } from './strings.ts';
import { type Field, Message, type MessageType, type TypeName, typeOf } from './types.ts';
import { Wire, WireReader } from './wire.ts';

/** Packed floats, copied byte for byte into typed memory (files are little-endian, as are the machines we run on). */
export function packedFloats(bytes: Uint8Array): Float32Array {
  const floats = new Float32Array(bytes.length >> 2);
  new Uint8Array(floats.buffer).set(bytes.subarray(0, floats.byteLength));
  return floats;
}

export function packedDoubles(bytes: Uint8Array): Float64Array {
  const doubles = new Float64Array(bytes.length >> 3);
  new Uint8Array(doubles.buffer).set(bytes.subarray(0, doubles.byteLength));
  return doubles;
}

const isNegativeNan = (bits: number): boolean => bits >>> 23 === 0x1ff && (bits & 0x7fffff) !== 0;

/** One integer-like value; undefined for an enumeration value that the schema does not have (kept out, as proto2 says). */
function integer(reader: WireReader, field: Field): number | boolean | undefined {
  switch (field.type) {
    case 'bool': {
      const low = reader.varint32();
      return low !== 0 || reader.high !== 0;
    }
    case 'uint32':
      return reader.varint32() >>> 0;
    case 'int64':
      return reader.int64();
    case 'uint64':
      return reader.uint64();
    case 'enum': {
      const value = reader.varint32();
      return field.enumeration!.names.has(value) ? value : undefined;
    }
    default:
      return reader.varint32();
  }
}

/** Reads a scalar into the message, keeping the exact bits of what a double does not hold. */
function scalar(reader: WireReader, field: Field, put: (value: unknown, bits?: bigint) => void): void {
  if (field.type === 'string') put(decodeString(reader.chunk()));
  else if (field.type === 'bytes') put(reader.chunk());
  else if (field.type === 'double') put(reader.double());
  else if (field.type === 'float') {
    const bits = reader.peekBits32();
    const value = reader.float();
    if (isNegativeNan(bits)) put(value, BigInt(bits));
    else put(value);
  } else {
    const from = reader.position;
    const value = integer(reader, field);
    if (value === undefined) return;
    if (typeof value === 'boolean' || Number.isSafeInteger(value)) {
      put(value);
      return;
    }
    reader.position = from;
    const bits = reader.uint64Bits();
    put(value, field.type === 'int64' ? BigInt.asIntN(64, bits) : bits);
  }
}

/** A reader that counts what the message holds. */
class MessageReader extends WireReader {
  readonly allowance = new Allowance();

  /** Counts an entry of a list; refuses the first too many, by the byte after its tag. */
  count(owner: MessageType, field: Field): void {
    if (!field.repeated || this.allowance.take(owner, field)) return;
    const { message, ...problem } = this.allowance.problem(field);
    throw dataError({ ...problem, message: `${this.file}: ${message} at byte ${this.position}` });
  }
}

function packed(reader: MessageReader, message: Message & Values, field: Field): void {
  const before = Object.hasOwn(message, field.name) ? (message[field.name] as ArrayLike<number>) : undefined;
  if (field.type === 'float' || field.type === 'double') {
    const bytes = reader.chunk();
    if (bytes.length % (field.type === 'float' ? 4 : 8)) reader.fail(`packed ${field.name} of ${bytes.length} bytes`);
    const values = field.type === 'float' ? packedFloats(bytes) : packedDoubles(bytes);
    message[field.name] = before ? [...Array.from(before), ...Array.from(values)] : values;
    return;
  }
  const list = (before as unknown[] | undefined) ?? [];
  message[field.name] = list;
  const outer = reader.enter();
  while (reader.position < reader.end) {
    reader.count(message.$type, field);
    scalar(reader, field, (value, bits) => put(message, field, value, bits));
  }
  reader.leave(outer);
}

function put(message: Message & Values, field: Field, value: unknown, bits?: bigint): void {
  const { name } = field;
  if (!field.repeated) message[name] = value;
  else if (!Object.hasOwn(message, name)) message[name] = [value];
  else {
    // Floats that come packed and one by one in the same field: no writer does it, every reader must take it.
    if (!Array.isArray(message[name])) message[name] = Array.from(message[name] as ArrayLike<number>);
    (message[name] as unknown[]).push(value);
  }
  if (bits === undefined) return;
  Message.setExact(message, field.repeated ? `${name}[${(message[name] as unknown[]).length - 1}]` : name, bits);
}

/** Reads fields into `message` until the reader's end. The schema is not recursive: depth is at most six. */
function merge(reader: MessageReader, type: MessageType, message: Message & Values): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const field = type.byNumber.get(tag >>> 3);
    const layout = tag & 7;
    if (!field) reader.skip(tag);
    else if (field.type === 'message' && layout === Wire.bytes) {
      reader.count(type, field);
      if (field.of === 'NetParameter') reader.allowance.begin();
      const inner = field.inner;
      const outer = reader.enter();
      const known = !field.repeated && Object.hasOwn(message, field.name) ? message[field.name] : undefined;
      const part = (known ?? new inner.make()) as Message & Values;
      merge(reader, inner, part);
      reader.leave(outer);
      if (known === undefined) put(message, field, part);
    } else if (layout === layoutOf(field)) {
      reader.count(type, field);
      scalar(reader, field, (value, bits) => put(message, field, value, bits));
    } else if (field.repeated && layout === Wire.bytes && field.type !== 'message') packed(reader, message, field);
    else reader.skip(tag);
  }
}

/**
 * Reads a message from its binary form. Packed floats arrive as Float32Array, `bytes` fields as views of the input.
 * Throws a data error naming the byte where the input is cut short, malformed or passes its allowance, or the required field that is
 * missing.
 */
export function decode<N extends TypeName>(type: N, bytes: Uint8Array, file?: string): Messages[N] {
  const reader = new MessageReader(bytes, file ?? type);
  const target = typeOf(type);
  const message = new target.make() as Message & Values;
  merge(reader, target, message);
  const missing = missingRequired(message);
  if (missing.length > 0) {
    throw dataError({
      message: `${reader.file}: required fields are missing: ${missing.map((m) => m.path).join(', ')}`,
      code: 'missing-required',
    });
  }
  return message as unknown as Messages[N];
}
