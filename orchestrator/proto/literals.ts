import { decodeString } from './strings.ts';

const CODE_0 = 48;
const CODE_9 = 57;

/** Value of a hexadecimal digit's code, or -1. */
function digit(code: number): number {
  if (code >= CODE_0 && code <= CODE_9) return code - CODE_0;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

const isOctal = (code: number): boolean => code >= CODE_0 && code < CODE_0 + 8;
const isHex = (code: number | undefined): boolean => code !== undefined && digit(code) >= 0;

/** An integer literal (decimal, 0x…, 0… octal); undefined where it is not one, as in `08`. */
export function parseInteger(text: string): number | bigint | undefined {
  const hex = text.length > 1 && text[0] === '0' && (text[1] === 'x' || text[1] === 'X');
  const octal = !hex && text.length > 1 && text[0] === '0';
  const digits = hex ? text.slice(2) : text;
  if (digits === '') return 0;
  if (octal && !/^[0-7]+$/.test(digits)) return undefined;
  const value = hex ? Number(`0x${digits}`) : octal ? Number.parseInt(digits, 8) : Number(digits);
  if (Number.isSafeInteger(value)) return value;
  // 64-bit limits are checked by the caller; more digits than a 64-bit number has in octal are out of range anyway.
  if (digits.replace(/^0+/, '').length > 22) return 2n ** 64n;
  return BigInt(hex ? `0x${digits}` : octal ? `0o${digits}` : digits);
}

export const isHexLiteral = (text: string): boolean => /^0[xX]/.test(text);
export const isOctalLiteral = (text: string): boolean => /^0[0-7]/.test(text);

/** A float literal as C's strtod reads it; an `f` at the end and an exponent without digits are left out. */
export function parseFloatLiteral(text: string): number {
  return Number(text.replace(/[fF]$/, '').replace(/[eE][-+]?$/, ''));
}

function pushUtf8(out: number[], point: number): void {
  if (point < 0x80) out.push(point);
  else if (point < 0x800) out.push(0xc0 | (point >> 6), 0x80 | (point & 63));
  else if (point < 0x10000) out.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
  else out.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
}

/** Hexadecimal number of exactly `count` digits at `at`, or -1. */
function hexAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) {
    if (!isHex(bytes[at + i])) return -1;
    value = value * 16 + digit(bytes[at + i]!);
  }
  return value;
}

const simpleEscapes: Record<string, number> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, '?': 63 };

/** Handles what follows a backslash at `at`; returns the offset after it. */
function escapeAt(bytes: Uint8Array, at: number, out: number[]): number {
  const b = bytes[at]!;
  if (isOctal(b)) {
    let value = 0;
    let n = 0;
    while (n < 3 && at + n < bytes.length && isOctal(bytes[at + n]!)) value = value * 8 + bytes[at + n++]! - CODE_0;
    out.push(value & 255);
    return at + n;
  }
  const c = String.fromCharCode(b);
  if (c === 'x') {
    let value = 0;
    let n = 1;
    while (n < 3 && isHex(bytes[at + n])) value = value * 16 + digit(bytes[at + n++]!);
    out.push(value);
    return at + n;
  }
  if (c === 'u' || c === 'U') {
    const width = c === 'u' ? 4 : 8;
    const point = hexAt(bytes, at + 1, width);
    const end = at + 1 + width;
    if (point >= 0 && point <= 0x10ffff) {
      // A surrogate pair written as two escapes is one character.
      const pair = point >= 0xd800 && point < 0xdc00 && bytes[end] === 92 && bytes[end + 1] === 117;
      const trail = pair ? hexAt(bytes, end + 2, 4) : -1;
      if (trail >= 0xdc00 && trail < 0xe000) {
        pushUtf8(out, 0x10000 + ((point - 0xd800) << 10) + (trail - 0xdc00));
        return end + 6;
      }
      pushUtf8(out, point);
      return end;
    }
  }
  out.push(simpleEscapes[c] ?? (c === "'" || c === '"' ? b : c === 'u' || c === 'U' ? b : 63));
  return at + 1;
}

/** The content of the quoted literal at bytes [start, end). */
export function literalBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const closed = end - start > 1 && bytes[end - 1] === bytes[start];
  const body = bytes.subarray(start + 1, closed ? end - 1 : end);
  if (!body.includes(92)) return body;
  const out: number[] = [];
  for (let at = 0; at < body.length; ) {
    if (body[at] === 92 && at + 1 < body.length) at = escapeAt(body, at + 1, out);
    else out.push(body[at++]!);
  }
  return Uint8Array.from(out);
}

/** Remembers short strings by their bytes: nets repeat the same few names thousands of times. */
export class StringPool {
  readonly #slots: (string | undefined)[] = new Array(4096);

  get(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > 32) return decodeString(bytes.subarray(start, end));
    let hash = length;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const slot = (hash ^ (hash >>> 12)) & 4095;
    const kept = this.#slots[slot];
    if (kept !== undefined && kept.length === length) {
      let i = 0;
      // Plain ASCII only: the character U+00E9 is not the byte E9.
      while (i < length && bytes[start + i]! < 128 && kept.charCodeAt(i) === bytes[start + i]) i++;
      if (i === length) return kept;
    }
    const text = decodeString(bytes.subarray(start, end));
    this.#slots[slot] = text;
    return text;
  }
}
