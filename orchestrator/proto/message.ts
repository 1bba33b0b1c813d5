import { internalError } from '../core/index.ts';
import type { Messages } from './messages.ts';
import { type Field, Message, type MessageType, type TypeName, typeOf } from './types.ts';

/** What `create` takes: any part of a message, plain objects in place of sub-messages. */
export type Init<T> = {
  [K in keyof T]?: T[K] extends Uint8Array
    ? Uint8Array
    : T[K] extends (infer E)[]
      ? readonly (E extends object ? Init<E> : E)[]
      : T[K] extends number | string | boolean
        ? T[K]
        : T[K] extends object | null
          ? Init<NonNullable<T[K]>> | T[K]
          : T[K];
};

export type Values = Record<string, unknown>;

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || value instanceof Float32Array || value instanceof Float64Array;

function fill(type: MessageType, init: object): Message {
  if (init instanceof Message && init.$type === type) return init;
  const message = new type.make() as Message & Values;
  for (const [name, value] of Object.entries(init)) {
    const field = type.byName.get(name);
    if (!field) throw internalError(`message ${type.name} has no field ${name}`);
    if (value === undefined || value === null) continue;
    const one = (item: unknown): unknown => {
      if (field.type === 'message') return fill(field.inner, item as object);
      return field.type === 'float' ? Math.fround(item as number) : item;
    };
    if (!field.repeated) message[name] = one(value);
    else if (!isList(value)) throw internalError(`field ${type.name}.${name} wants a list`);
    else message[name] = Array.isArray(value) ? value.map(one) : value;
  }
  return message;
}

/**
 * Makes a message. Unset fields read as their defaults; floats are rounded to single precision, as files hold them.
 * Sub-messages may be plain objects; message objects are taken over, not copied.
 */
export function create<N extends TypeName>(name: N, init: Init<Messages[N]> = {}): Messages[N] {
  return fill(typeOf(name), init) as unknown as Messages[N];
}

/** Whether a field was given a value (for a repeated field: has at least one). False for null, so chains need no check. */
export function isSet<T extends object>(message: T | null | undefined, field: keyof T & string): boolean {
  if (!message || !Object.hasOwn(message, field)) return false;
  const value = message[field] as unknown;
  if (value === undefined || value === null) return false;
  return !isList(value) || value.length > 0;
}

/** Unsets a field: it reads as its default again. */
export function clear<T extends object>(message: T, field: keyof T & string): void {
  delete message[field];
}

/** The list of a repeated field, to add to; makes it where the field is unset. */
export function listOf<T extends object, K extends keyof T & string>(message: T, field: K): T[K] {
  if (!Object.hasOwn(message, field)) message[field] = [] as T[K];
  return message[field];
}

/** A copy that shares nothing but typed arrays with the original. It keeps the places in the text. `without` leaves a field out. */
export function clone<T extends object>(message: T, without?: keyof T & string): T {
  if (!(message instanceof Message)) throw internalError('clone wants a message');
  const copy = new message.$type.make();
  const one = (item: unknown): unknown => (item instanceof Message ? clone(item) : item);
  for (const name of Object.keys(message)) {
    if (name === without) continue;
    const value = (message as Message & Values)[name];
    (copy as Message & Values)[name] = Array.isArray(value) ? value.map(one) : one(value);
  }
  Message.place(copy, Message.source(message), Message.offset(message));
  for (const [key, bits] of Message.exact(message) ?? []) Message.setExact(copy, key, bits);
  return copy as unknown as T;
}

/** The type of a message object; plain objects are not messages. */
export function messageType(message: object): MessageType {
  if (!(message instanceof Message)) throw internalError('not a message: make it with create()');
  return message.$type;
}

/** The bits of a value (the index-th of a repeated field) that a double does not hold; undefined for all others. */
export function exactBits(message: Message, { name, type, repeated }: Field, index: number): bigint | undefined {
  const kept = Message.exact(message);
  if (kept === undefined) return undefined;
  const bits = kept.get(repeated ? `${name}[${index}]` : name);
  if (bits === undefined) return undefined;
  // A field that was set anew has left its exact bits behind.
  const value = (message as Message & Values)[name];
  const now = repeated ? (value as number[])[index]! : (value as number);
  const stale = type === 'float' || type === 'double' ? !Number.isNaN(now) : Number(bits) !== now;
  return stale ? undefined : bits;
}
