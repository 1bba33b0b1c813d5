import { createHash } from 'node:crypto';
import { encode } from './encode.ts';
import { messageType, type Values } from './message.ts';
import { type Field, Message, type TypeName } from './types.ts';

const SMALLEST_NORMAL = 2 ** -126;

/** The shortest decimal that reads back to the same single, as a JSON number. */
function singleText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  // Decimals of six digits lie farther apart than normal singles: if one reads back, no shorter one does but itself.
  for (let digits = Math.abs(value) < SMALLEST_NORMAL ? 1 : 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

function numberText(value: number, single: boolean): string {
  if (Number.isNaN(value)) return '"NaN"';
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  return single ? singleText(value) : JSON.stringify(value);
}

function scalarText(message: Message, field: Field, value: unknown, index: number): string {
  switch (field.type) {
    case 'float':
      return numberText(value as number, true);
    case 'double':
      return numberText(value as number, false);
    case 'enum':
      return JSON.stringify(field.enumeration!.names.get(value as number) ?? value);
    case 'bytes':
      return JSON.stringify(Buffer.from(value as Uint8Array).toString('base64'));
    case 'int64':
    case 'uint64': {
      const bits = Message.exact(message)?.get(field.repeated ? `${field.name}[${index}]` : field.name);
      return `"${bits !== undefined && Number(bits) === value ? bits : value}"`;
    }
    default:
      return typeof value === 'number' ? String(value) : JSON.stringify(value);
  }
}

const valueText = (message: Message, field: Field, value: unknown, index: number): string =>
  field.type === 'message' ? canonicalJson(value as object) : scalarText(message, field, value, index);

/**
 * A message as JSON in the canonical form of RFC 8785: original field names, only fields that are set, enumerations by
 * name, 64-bit integers as strings, keys sorted, no spaces.
 */
export function canonicalJson(message: object): string {
  return jsonOf(message, (text) => text);
}

/** `pass` may take what is written so far and give back the empty string: between the elements of the outermost lists. */
function jsonOf(message: object, pass: (text: string) => string): string {
  const type = messageType(message);
  const own = message as Message & Values;
  let text = '{';
  let first = true;
  for (const name of sortedKeys(own)) {
    const field = type.byName.get(name);
    const value = own[name];
    if (!field || value === null || value === undefined) continue;
    const before = first ? '' : ',';
    if (field.repeated && (value as ArrayLike<unknown>).length === 0) continue;
    first = false;
    if (!field.repeated) {
      text += `${before}"${name}":${valueText(own, field, value, 0)}`;
      continue;
    }
    const list = value as ArrayLike<unknown>;
    text += `${before}"${name}":[${valueText(own, field, list[0], 0)}`;
    for (let i = 1; i < list.length; i++) text = pass(`${text},${valueText(own, field, list[i], i)}`);
    text += ']';
  }
  return `${text}}`;
}

/** Most messages have a few fields, for which this is several times faster than sort(). */
function sortedKeys(message: object): string[] {
  const keys = Object.keys(message);
  if (keys.length > 12) return keys.sort();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!;
    let j = i - 1;
    for (; j >= 0 && keys[j]! > key; j--) keys[j + 1] = keys[j]!;
    keys[j + 1] = key;
  }
  return keys;
}

/** Characters: pieces that stay in the processor's cache. */
const HASHED_AT_ONCE = 1 << 16;

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** SHA-256 (hex) of the canonical JSON: equal for texts that mean the same. */
export function canonicalHash(message: object): string {
  const hash = createHash('sha256');
  const rest = jsonOf(message, (text) => {
    if (text.length < HASHED_AT_ONCE) return text;
    // A character outside the basic plane is never cut: a piece ends where an element does.
    hash.update(text);
    return '';
  });
  return hash.update(rest).digest('hex');
}

/** SHA-256 (hex) of the binary form. */
export function wireHash(message: object): string {
  const { name } = messageType(message);
  return sha256(encode(name, message as Parameters<typeof encode<TypeName>>[1]));
}
