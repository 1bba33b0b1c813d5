import { internalError } from '../core/index.ts';
import type { FieldSpec, ScalarType } from './field.ts';
import type { Messages } from './messages.ts';
import { enumTable, messageTable } from './schema.ts';
import type { Source } from './spans.ts';

export type TypeName = keyof Messages;

/** An enumeration both ways round. */
export interface EnumType {
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

/** A field, ready for readers and writers. Of one shape whatever it declares: they ask for its parts at every value. */
export class Field {
  readonly name: string;
  readonly number: number;
  readonly type: ScalarType;
  /** Name of the enumeration or message. */
  readonly of: string | undefined;
  readonly repeated: boolean;
  readonly required: boolean;
  readonly packed: boolean;
  /** Its place among the fields of its message, from 0. */
  readonly position: number;
  /** What an unset field reads as: its proto2 default, null for a sub-message, an empty list where repeated. */
  readonly unset: unknown;
  readonly enumeration: EnumType | undefined;
  #inner: MessageType | undefined;

  constructor(spec: FieldSpec, position: number) {
    this.name = spec.name;
    this.number = spec.number;
    this.type = spec.type;
    this.of = spec.of;
    this.repeated = spec.repeated ?? false;
    this.required = spec.required ?? false;
    this.packed = spec.packed ?? false;
    this.position = position;
    this.unset = unsetValue(spec);
    this.enumeration = spec.type === 'enum' ? enumType(spec.of!) : undefined;
  }

  /** The message type of a sub-message. */
  get inner(): MessageType {
    this.#inner ??= typeOf(this.of!);
    return this.#inner;
  }
}

/** A message type, ready for readers and writers. */
export interface MessageType {
  readonly name: TypeName;
  /** In the order of declaration. */
  readonly fields: readonly Field[];
  /** In the order of field numbers, as files are written. */
  readonly ordered: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  readonly byNumber: ReadonlyMap<number, Field>;
  readonly make: new () => Message;
}

/**
 * The base of all message objects. Its private slots hold what is not part of the message's value: where it stands in
 * a text, and the few numbers which a double cannot hold exactly.
 */
export abstract class Message {
  declare readonly $type: MessageType;
  #source: Source | undefined;
  #offset = 0;
  #exact: Map<string, bigint> | undefined;

  static source(message: Message): Source | undefined {
    return message.#source;
  }
  /** Byte where the message's name stands in its source, or WHOLE_TEXT. */
  static offset(message: Message): number {
    return message.#offset;
  }
  static place(message: Message, source: Source | undefined, offset: number): void {
    message.#source = source;
    message.#offset = offset;
  }
  /** Bits of 64-bit integers beyond 2^53 and of NaNs with a sign, by `field` or `field[index]`. */
  static exact(message: Message): Map<string, bigint> | undefined {
    return message.#exact;
  }
  static setExact(message: Message, key: string, bits: bigint): void {
    message.#exact ??= new Map();
    message.#exact.set(key, bits);
  }
}

const types = new Map<string, MessageType>();
const enums = new Map<string, EnumType>();
/** Shared by all unset repeated fields; frozen, so that adding to an unset field fails at once. */
const none: readonly never[] = Object.freeze([]);
const noBytes = new Uint8Array(0);

export function enumType(name: string): EnumType {
  let found = enums.get(name);
  if (!found) {
    const entries = Object.entries(enumTable[name] ?? {});
    found = { numbers: new Map(entries), names: new Map(entries.map(([key, value]) => [value, key])) };
    enums.set(name, found);
  }
  return found;
}

function unsetValue(spec: FieldSpec): unknown {
  if (spec.repeated) return none;
  if (spec.type === 'message') return null;
  if (spec.default !== undefined) return spec.type === 'float' ? Math.fround(spec.default as number) : spec.default;
  if (spec.type === 'enum') return enumType(spec.of!).numbers.values().next().value;
  if (spec.type === 'string') return '';
  if (spec.type === 'bytes') return noBytes;
  return spec.type === 'bool' ? false : 0;
}

function build(name: TypeName): MessageType {
  const specs = messageTable[name];
  if (!specs) throw internalError(`no message type ${name}`);
  const fields = specs.map((spec, position) => new Field(spec, position));
  const make = class extends Message {};
  const type: MessageType = {
    name,
    fields,
    ordered: [...fields].sort((a, b) => a.number - b.number),
    byName: new Map(fields.map((f) => [f.name, f])),
    byNumber: new Map(fields.map((f) => [f.number, f])),
    make,
  };
  Object.defineProperty(make, 'name', { value: name });
  Object.defineProperty(make.prototype, '$type', { value: type });
  // Own properties must be able to cover these defaults, hence writable.
  for (const f of fields) Object.defineProperty(make.prototype, f.name, { value: f.unset, writable: true });
  return type;
}

/** The message type of a name, built at first use (start-up pays only for what a command reads). */
export function typeOf(name: string): MessageType {
  let type = types.get(name);
  if (!type) {
    type = build(name as TypeName);
    types.set(name, type);
  }
  return type;
}
