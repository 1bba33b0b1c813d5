/**
 * Strings in Caffe's files are bytes, mostly UTF-8 but not checked to be. They read as JavaScript strings in which a byte
 * that is not valid UTF-8 stands as the lone surrogate U+DC80 + (byte - 0x80), so that every string is written back exactly.
 */
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function sequenceLength(bytes: Uint8Array, at: number): number {
  const b = bytes[at]!;
  const length = b < 0x80 ? 1 : b >= 0xc2 && b < 0xe0 ? 2 : b >= 0xe0 && b < 0xf0 ? 3 : b >= 0xf0 && b < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  for (let i = 1; i < length; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1]!;
  // Overlong forms, surrogates and code points above U+10FFFF are not UTF-8.
  if ((b === 0xe0 && second < 0xa0) || (b === 0xed && second > 0x9f)) return 0;
  if ((b === 0xf0 && second < 0x90) || (b === 0xf4 && second > 0x8f)) return 0;
  return length;
}

/** Code units of a valid sequence of `length` bytes at `at`, put into `units` from `to`; returns where they end. */
function putCharacter(bytes: Uint8Array, at: number, length: number, units: Uint16Array, to: number): number {
  let code = length === 1 ? bytes[at]! : bytes[at]! & (0x7f >> length);
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
  if (code < 0x10000) {
    units[to] = code;
    return to + 1;
  }
  units[to] = 0xd7c0 + (code >> 10);
  units[to + 1] = 0xdc00 + (code & 0x3ff);
  return to + 2;
}

function decodeEscaping(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes.length);
  let to = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length > 0) to = putCharacter(bytes, at, length, units, to);
    else units[to++] = 0xdc00 + bytes[at]!;
    at += Math.max(length, 1);
  }
  return Buffer.from(units.buffer, 0, 2 * to).toString('utf16le');
}

/** Node's own cut of a string out of bytes, without a view on them; it takes any byte array. */
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice: (this: Uint8Array, start: number, end: number) => string;
};

/** The string that stands at bytes [start, end). */
export function decodeString(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let plain = end - start < 64;
  for (let i = start; plain && i < end; i++) plain = bytes[i]! < 0x80;
  if (plain) return latin1Slice.call(bytes, start, end);
  const part = bytes.subarray(start, end);
  try {
    return strict.decode(part);
  } catch {
    return decodeEscaping(part);
  }
}

const loneSurrogate = /(?:[\ud800-\udbff](?![\udc00-\udfff]))|(?:(?<![\ud800-\udbff])[\udc00-\udfff])/;

export function encodeString(text: string): Uint8Array {
  if (!loneSurrogate.test(text)) return Buffer.from(text, 'utf8');
  const bytes = Buffer.allocUnsafe(3 * text.length);
  let to = 0;
  // What stands between two bytes that are no UTF-8 is written at once.
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.codePointAt(at)!;
    if (code > 0xffff) at++;
    else if (code >= 0xdc80 && code <= 0xdcff) {
      if (at > from) to += bytes.write(text.slice(from, at), to);
      bytes[to++] = code - 0xdc00;
      from = at + 1;
    }
  }
  to += bytes.write(text.slice(from), to);
  return bytes.subarray(0, to);
}

/** Whether a string is plain ASCII, judged only for short ones. */
export function isAscii(text: string): boolean {
  if (text.length > 64) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
