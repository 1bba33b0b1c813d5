import type { RandomStream } from '../../orchestrator/core/index.ts';

/** Numbers at which readers go wrong. */
const NUMBERS = [
  ...['0', '-0', '1', '-1', '255', '2147483647', '2147483648', '-2147483649', '4294967296', '9007199254740993'],
  ...['18446744073709551616', '1e39', '1e-400', '-inf', 'nan', '0x7fffffffffffffff', '0777', '1.5', '.', '1e', '65536'],
];
const BYTES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x22, 0x7b, 0x7d, 0x5c];
/** Longest input that is made. */
const LONGEST = 64 * 1024;

const pick = <T>(random: RandomStream, list: readonly T[]): T => list[random.integer(list.length)]!;

/** A part [from, to) of `length` elements, mostly short. */
function part(random: RandomStream, length: number): [number, number] {
  const from = random.integer(length + 1);
  const size = random.integer(pick(random, [2, 8, 64, 1024]));
  return [from, Math.min(length, from + size)];
}

function splice<T>(list: readonly T[], from: number, to: number, put: readonly T[]): T[] {
  return [...list.slice(0, from), ...put, ...list.slice(to)];
}

type ListMutation = <T>(random: RandomStream, list: readonly T[], other: readonly T[]) => T[];

/** What can be done to a list of bytes and to a list of words alike. */
const structural: readonly ListMutation[] = [
  (random, list) => splice(list, ...part(random, list.length), []),
  (random, list) => {
    const [from, to] = part(random, list.length);
    return splice(list, to, to, list.slice(from, to));
  },
  (random, list) => {
    const [from, to] = part(random, list.length);
    const [at] = part(random, list.length);
    return splice(list, at, at, list.slice(from, to));
  },
  (random, list, other) => {
    const [from, to] = part(random, list.length);
    return splice(list, from, to, other.slice(...part(random, other.length)));
  },
  (random, list) => list.slice(0, random.integer(list.length + 1)),
  (random, list) => {
    const [from, to] = part(random, list.length);
    const chunk = list.slice(from, to);
    const times = chunk.length > 0 ? Math.min(random.integer(2000), Math.floor(LONGEST / (8 * chunk.length))) : 0;
    return splice(list, from, to, Array.from({ length: times }, () => chunk).flat());
  },
];

/** Bytes 7 bits at a time, as protobuf writes numbers; often far too large a one. */
function varint(random: RandomStream): number[] {
  const length = 1 + random.integer(11);
  return Array.from({ length }, (_, i) => (i === length - 1 ? random.integer(128) : 128 + random.integer(128)));
}

const onBytes: readonly ((random: RandomStream, bytes: number[]) => number[])[] = [
  (random, bytes) => bytes.with(random.integer(bytes.length), random.integer(256)),
  (random, bytes) => bytes.with(random.integer(bytes.length), pick(random, BYTES)),
  (random, bytes) => {
    const at = random.integer(bytes.length);
    return bytes.with(at, bytes[at]! ^ (1 << random.integer(8)));
  },
  (random, bytes) => {
    const at = random.integer(bytes.length);
    return splice(bytes, at, at + random.integer(4), varint(random));
  },
  (random, bytes) => {
    const at = random.integer(bytes.length);
    const word = pick(random, [
      [255, 255, 255, 255],
      [0, 0, 0, 0],
      [255, 255, 255, 127],
      [0, 0, 0, 128],
    ]);
    return splice(bytes, at, at + 4, word);
  },
];

/** A changed copy of a binary seed. */
export function mutateBytes(random: RandomStream, seed: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes = Array.from(seed);
  for (let rounds = 1 + random.integer(6); rounds > 0; rounds--) {
    const change = random.integer(onBytes.length + structural.length);
    if (change >= onBytes.length) bytes = structural[change - onBytes.length]!(random, bytes, Array.from(other));
    else if (bytes.length > 0) bytes = onBytes[change]!(random, bytes);
  }
  return Uint8Array.from(bytes.slice(0, LONGEST));
}

const WORD = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\w.+-]+|\s+|./gsu;
const wordsOf = (text: string): string[] => text.match(WORD) ?? [];

/** A changed copy of a text: words are moved, repeated and replaced by words of the dictionary; now and then a byte. */
export function mutateText(
  random: RandomStream,
  seed: string,
  other: string,
  dictionary: readonly string[],
): Uint8Array {
  let words = wordsOf(seed);
  for (let rounds = 1 + random.integer(6); rounds > 0; rounds--) {
    const at = random.integer(words.length || 1);
    const change = random.integer(structural.length + 3);
    if (change < structural.length) words = structural[change]!(random, words, wordsOf(other));
    else if (words.length > 0) {
      const numeric = words.flatMap((word, i) => (/^[\d.-]+$/.test(word) ? [i] : []));
      if (change === structural.length && numeric.length > 0) words[pick(random, numeric)] = pick(random, NUMBERS);
      else words[at] = pick(random, dictionary);
    }
  }
  const bytes = Buffer.from(words.join('').slice(0, LONGEST), 'utf8');
  return random.integer(8) === 0 ? mutateBytes(random, bytes, Buffer.from(other)) : bytes;
}

/** A text with some numbers changed: it mostly still reads, and then means something odd. */
export function mutateNumbers(random: RandomStream, seed: string): Uint8Array {
  const words = wordsOf(seed);
  const numeric = words.flatMap((word, i) => (/^[\d.-]+$/.test(word) ? [i] : []));
  for (let rounds = 1 + random.integer(3); rounds > 0 && numeric.length > 0; rounds--) {
    const at = pick(random, numeric);
    words[at] = random.integer(2) === 0 ? pick(random, NUMBERS) : String(random.integer(2 ** random.integer(32)));
  }
  return Buffer.from(words.join(''));
}
