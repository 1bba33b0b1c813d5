import { decodeString } from '../strings.ts';

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

/** The value of a decimal literal of at most nine digits, the common case; -1 for all others. */
export function shortDecimal(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 9 || (bytes[start] === CODE_0 && end - start > 1)) return -1;
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + bytes[i]! - CODE_0;
  return value;
}

/** Powers of ten that a double holds exactly, as far as they are needed. */
const TENS = Array.from({ length: 16 }, (_, i) => 10 ** i);

/** The value of a literal such as `12.5` of at most 15 digits, the common case; -1 for all others. One division of two exact numbers rounds once. */
export function shortFraction(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > 16) return -1;
  let value = 0;
  let point = end;
  for (let i = start; i < end; i++) {
    const b = bytes[i]!;
    if (b === DOT && point === end) point = i + 1;
    else if (b >= CODE_0 && b <= CODE_0 + 9) value = value * 10 + b - CODE_0;
    else return -1;
  }
  return value / TENS[end - point]!;
}

const DOT = 46;
const BACKSLASH = 92;
const LOWER_U = 117;

/** Hexadecimal number of exactly `count` digits at `at`, or -1. */
function hexAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) {
    if (!isHex(bytes[at + i])) return -1;
    value = value * 16 + digit(bytes[at + i]!);
  }
  return value;
}

const simpleEscapes: Record<string, number> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
};
const QUESTION_MARK = 63;

/** Collects the content of one or more quoted literals that stand side by side. */
export class LiteralBytes {
  #out = new Uint8Array(64);
  #length = 0;

  bytes(): Uint8Array {
    return this.#out.slice(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#out.length) this.#grow(1);
    this.#out[this.#length++] = byte;
  }

  #grow(extra: number): void {
    const larger = new Uint8Array(Math.max(2 * this.#out.length, this.#length + extra));
    larger.set(this.#out);
    this.#out = larger;
  }

  /** Adds the literal at bytes [start, end), quotes included. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const closed = end - start > 1 && bytes[end - 1] === bytes[start];
    const last = closed ? end - 1 : end;
    if (this.#length + last - start > this.#out.length) this.#grow(last - start);
    for (let at = start + 1; at < last; ) {
      if (bytes[at] === BACKSLASH && at + 1 < last) at = this.#escape(bytes, at + 1);
      else this.#push(bytes[at++]!);
    }
  }

  /** Handles what follows a backslash; returns the offset after it. */
  #escape(bytes: Uint8Array, at: number): number {
    const b = bytes[at]!;
    if (isOctal(b)) {
      let value = 0;
      let n = 0;
      while (n < 3 && isOctal(bytes[at + n]!)) value = value * 8 + bytes[at + n++]! - CODE_0;
      this.#push(value & 255);
      return at + n;
    }
    const c = String.fromCharCode(b);
    if (c === 'x') {
      let value = 0;
      let n = 1;
      while (n < 3 && isHex(bytes[at + n])) value = value * 16 + digit(bytes[at + n++]!);
      this.#push(value);
      return at + n;
    }
    if (c === 'u' || c === 'U') return this.#unicode(bytes, at, c === 'u' ? 4 : 8);
    this.#push(simpleEscapes[c] ?? QUESTION_MARK);
    return at + 1;
  }

  #unicode(bytes: Uint8Array, at: number, width: number): number {
    const point = hexAt(bytes, at + 1, width);
    const end = at + 1 + width;
    if (point < 0 || point > 0x10ffff) {
      this.#push(bytes[at]!);
      return at + 1;
    }
    // A surrogate pair written as two escapes is one character.
    const pair = point >= 0xd800 && point < 0xdc00 && bytes[end] === BACKSLASH && bytes[end + 1] === LOWER_U;
    const trail = pair ? hexAt(bytes, end + 2, 4) : -1;
    if (trail >= 0xdc00 && trail < 0xe000) {
      this.#utf8(0x10000 + ((point - 0xd800) << 10) + (trail - 0xdc00));
      return end + 6;
    }
    this.#utf8(point);
    return end;
  }

  /** Half a surrogate pair is written as three bytes too, as the reference does. */
  #utf8(point: number): void {
    if (point < 0x80) {
      this.#push(point);
      return;
    }
    if (point < 0x800) this.#push(0xc0 | (point >> 6));
    else {
      if (point < 0x10000) this.#push(0xe0 | (point >> 12));
      else {
        this.#push(0xf0 | (point >> 18));
        this.#push(0x80 | ((point >> 12) & 63));
      }
      this.#push(0x80 | ((point >> 6) & 63));
    }
    this.#push(0x80 | (point & 63));
  }
}

/** Remembers short strings by their bytes: nets repeat the same few names thousands of times. */
export class StringPool {
  readonly #slots: (string | undefined)[] = new Array(4096);

  get(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > 32) return decodeString(bytes, start, end);
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
    const text = decodeString(bytes, start, end);
    this.#slots[slot] = text;
    return text;
  }
}
