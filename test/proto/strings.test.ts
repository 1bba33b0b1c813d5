import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeString, encodeString } from '../../orchestrator/proto/strings.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The character at `at` and its length, as the platform's decoder has it; a byte that begins none as its surrogate. */
function character(bytes: Uint8Array, at: number): [string, number] {
  for (let length = 1; length <= 4 && at + length <= bytes.length; length++) {
    try {
      return [strict.decode(bytes.subarray(at, at + length)), length];
    } catch {}
  }
  return [String.fromCharCode(0xdc00 + bytes[at]!), 1];
}

function expected(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const [next, length] = character(bytes, at);
    text += next;
    at += length;
  }
  return text;
}

// Bytes at the borders of what UTF-8 allows, among any others.
const byte = fc.oneof(
  fc.constantFrom(
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  ),
  fc.integer({ min: 0, max: 255 }),
);

test('strings of any bytes are read as the platform reads them, and written back exactly', () => {
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 100 }), (list) => {
      const bytes = Uint8Array.from(list);
      const text = decodeString(bytes);
      expect(text).toBe(expected(bytes));
      expect([...encodeString(text)]).toEqual(list);
    }),
    { numRuns: 1000 },
  );
});

test('halves of a pair that stand for no byte are written as the replacement character', () => {
  expect([...encodeString('a\ud800\udc7f\udc80')]).toEqual([0x61, 0xf0, 0x90, 0x81, 0xbf, 0x80]);
  expect([...encodeString('\ud800\udc80')]).toEqual([...Buffer.from('\u{10080}')]);
  expect([...encodeString('\udc80\ud800')]).toEqual([0x80, 0xef, 0xbf, 0xbd]);
  expect([...encodeString('\udc7f')]).toEqual([0xef, 0xbf, 0xbd]);
});
