/**
 * Counter-based random numbers: draw i of a stream is a pure function of (seed, stream, i), so results do not depend on
 * the order of use, threads or resume. Philox 4x32-10 (Salmon et al., SC 2011, "Parallel random numbers: as easy as 1, 2, 3").
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

function multiplyHigh(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const low = al * bl;
  const middle = ah * bl + (low >>> 16);
  const middle2 = al * bh + (middle & 0xffff);
  return (ah * bh + Math.floor(middle / 65536) + (middle2 >>> 16)) >>> 0;
}

/** One Philox 4x32-10 block: four 32-bit words for a 128-bit counter under a 64-bit key. */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter.map((v) => v >>> 0) as [number, number, number, number];
  let [k0, k1] = key.map((v) => v >>> 0) as [number, number];
  for (let round = 0; round < 10; round++) {
    const h0 = multiplyHigh(M0, c0);
    const l0 = Math.imul(M0, c0) >>> 0;
    const h1 = multiplyHigh(M1, c2);
    const l1 = Math.imul(M1, c2) >>> 0;
    [c0, c1, c2, c3] = [(h1 ^ c1 ^ k0) >>> 0, l1, (h0 ^ c3 ^ k1) >>> 0, l0];
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** 32-bit FNV-1a, to turn a name into a stream number. */
export function hashName(text: string): number {
  let h = 0x811c9dc5;
  let i = 0;
  for (; i < text.length && text.charCodeAt(i) < 128; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  if (i < text.length) for (const byte of Buffer.from(text.slice(i), 'utf8')) h = Math.imul(h ^ byte, 0x01000193) >>> 0;
  return h >>> 0;
}

/** A sequential reader of one stream; `position` is its whole state. */
export class RandomStream {
  readonly seed: number;
  readonly stream: number;
  position: number;
  private block: readonly number[] = [];
  private blockIndex = -1;

  constructor(seed: number, stream: number | string, position = 0) {
    this.seed = seed;
    this.stream = typeof stream === 'string' ? hashName(stream) : stream >>> 0;
    this.position = position;
  }

  /** Uniform 32-bit integer. */
  uint32(): number {
    const index = Math.floor(this.position / 4);
    if (index !== this.blockIndex) {
      const high = Math.floor(this.seed / 2 ** 32) >>> 0;
      this.block = philox([index >>> 0, Math.floor(index / 2 ** 32) >>> 0, this.stream, 0], [this.seed >>> 0, high]);
      this.blockIndex = index;
    }
    return this.block[this.position++ % 4]!;
  }

  /** Uniform in [0, 1) with 32 bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** Uniform integer in [0, n), without modulo bias for n ≤ 2^32. */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Standard normal, Box–Muller. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log((this.uint32() + 1) / (2 ** 32 + 1)));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Fisher–Yates in place. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}
