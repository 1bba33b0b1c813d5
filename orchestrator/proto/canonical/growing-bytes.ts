const ZERO = 48;

/** Copies bytes [start, end) to `at` and returns the offset behind them. */
export function copy(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  const size = end - start;
  // A call of set() costs more than a few bytes by hand.
  if (size < 64) for (let i = 0; i < size; i++) target[at + i] = source[start + i]!;
  else target.set(source.subarray(start, end), at);
  return at + size;
}

/** Bytes that grow at their end. */
export class GrowingBytes {
  data: Uint8Array<ArrayBuffer>;
  length = 0;

  /** `expected`: how many there will be, about. Memory that is not written to costs nothing. */
  constructor(expected: number) {
    this.data = new Uint8Array(expected);
  }

  /** Makes room for `count` more. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.data.length) return;
    const larger = new Uint8Array(Math.max(2 * this.data.length, needed));
    larger.set(this.data.subarray(0, this.length));
    this.data = larger;
  }

  byte(value: number): void {
    if (this.length === this.data.length) this.reserve(1);
    this.data[this.length++] = value;
  }

  /** Bytes [start, end) of `source`. */
  append(source: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.length = copy(source, start, end, this.data, this.length);
  }

  ascii(text: string): void {
    this.reserve(text.length);
    const { data } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) data[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Digits of a whole number from 0 to 999,999,999. */
  decimal(value: number): void {
    this.reserve(9);
    const { data } = this;
    let size = 1;
    for (let rest = value; rest > 9; rest = (rest / 10) | 0) size++;
    let at = this.length + size;
    this.length = at;
    let rest = value | 0;
    do {
      const tenth = (rest / 10) | 0;
      data[--at] = ZERO + rest - 10 * tenth;
      rest = tenth;
    } while (rest > 0);
  }

  /** A varint of a number ≥ 0. */
  varint(value: number): void {
    if (value < 128) {
      this.byte(value);
      return;
    }
    this.reserve(10);
    const { data } = this;
    let at = this.length;
    let v = value;
    while (v >= 128) {
      data[at++] = (v % 128) | 128;
      v = Math.floor(v / 128);
    }
    data[at++] = v;
    this.length = at;
  }

  /** Unsigned 64 bits; negative numbers go in two's complement. */
  varint64(bits: bigint): void {
    let v = BigInt.asUintN(64, bits);
    for (; v >= 128n; v >>= 7n) this.byte(Number(v & 127n) | 128);
    this.byte(Number(v));
  }

  view(start = 0, end = this.length): Uint8Array {
    return this.data.subarray(start, end);
  }
}
