import { dataError } from '../core/index.ts';

/** How a field's value is laid out after its tag. */
export const Wire = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;

const TWO_32 = 2 ** 32;

/**
 * Reads protobuf's binary form. Offsets are doubles, so files beyond 2 GB work. What is cut short or malformed is
 * refused as bad data with the byte where it happened; nothing is read outside [position, end).
 */
export class WireReader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position: number;
  end: number;
  readonly file: string;

  constructor(bytes: Uint8Array, file = 'message') {
    // A plain view: slices of a Buffer cost much more.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = 0;
    this.end = bytes.byteLength;
    this.file = file;
  }

  fail(what: string): never {
    throw dataError({
      message: `${this.file}: ${what} at byte ${this.position}`,
      expected: 'a binary protobuf message',
      code: 'bad-message',
      hint: 'the file may be cut short, or of another kind',
    });
  }

  #need(count: number): number {
    const at = this.position;
    if (count > this.end - at) this.fail(`${count} bytes wanted, ${this.end - at} left,`);
    this.position = at + count;
    return at;
  }

  /** A varint as its low and high 32 bits; leaves `high` in this.high. */
  high = 0;
  varint32(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const b = this.bytes[this.#need(1)]!;
      if (shift < 28) low |= (b & 127) << shift;
      else if (shift === 28) {
        low |= (b & 127) << 28;
        high = (b & 127) >> 4;
      } else if (shift < 63) high |= (b & 127) << (shift - 32);
      else high |= (b & 1) << 31;
      if (b < 128) {
        this.high = high;
        return low;
      }
    }
    this.fail('a varint longer than ten bytes');
  }

  /** Bits of a 64-bit integer, when a double may not hold it. */
  uint64Bits(): bigint {
    const low = this.varint32();
    return (BigInt(this.high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  uint64(): number {
    const low = this.varint32() >>> 0;
    return (this.high >>> 0) * TWO_32 + low;
  }

  int64(): number {
    const low = this.varint32() >>> 0;
    return (this.high | 0) * TWO_32 + low;
  }

  length(): number {
    const n = this.uint64();
    if (n > this.end - this.position) this.fail(`a field of ${n} bytes where ${this.end - this.position} are left`);
    return n;
  }

  /** A view, not a copy. */
  chunk(): Uint8Array {
    const n = this.length();
    const at = this.#need(n);
    return this.bytes.subarray(at, at + n);
  }

  float(): number {
    return this.view.getFloat32(this.#need(4), true);
  }
  double(): number {
    return this.view.getFloat64(this.#need(8), true);
  }
  /** Bits of the 32-bit word that `float` would read next. */
  peekBits32(): number {
    const at = this.#need(4);
    this.position = at;
    return this.view.getUint32(at, true);
  }

  /** Narrows the reader to the next length-delimited field; give the result to `leave`. */
  enter(): number {
    const n = this.length();
    const outer = this.end;
    this.end = this.position + n;
    return outer;
  }
  leave(outer: number): void {
    this.end = outer;
  }

  /** Next tag, or 0 at the end. Field number is tag >>> 3, layout tag & 7. */
  tag(): number {
    if (this.position >= this.end) return 0;
    const tag = this.varint32() >>> 0;
    if (tag >>> 3 === 0 || this.high !== 0) this.fail('an impossible field tag');
    return tag;
  }

  /** Leaves out a field of an unknown number. Groups are counted, not recursed into. */
  skip(tag: number): void {
    let depth = 0;
    let layout = tag & 7;
    for (;;) {
      if (layout === Wire.varint) this.varint32();
      else if (layout === Wire.fixed64) this.#need(8);
      else if (layout === Wire.bytes) this.chunk();
      else if (layout === Wire.fixed32) this.#need(4);
      else if (layout === Wire.startGroup) depth++;
      else if (layout === Wire.endGroup && depth > 0) depth--;
      else this.fail(`a field of unknown layout ${layout}`);
      if (depth === 0) return;
      const inner = this.tag();
      if (inner === 0) this.fail('an unfinished group');
      layout = inner & 7;
    }
  }
}

/** Bytes a varint of a number ≥ 0 takes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let v = value; v >= 128; v = Math.floor(v / 128)) size++;
  return size;
}

/** Writes protobuf's binary form into memory of a size known beforehand. */
export class WireWriter {
  readonly bytes: Buffer;
  position = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  varint(value: number): void {
    let v = value;
    while (v >= 128) {
      this.bytes[this.position++] = (v % 128) | 128;
      v = Math.floor(v / 128);
    }
    this.bytes[this.position++] = v;
  }

  /** Unsigned 64 bits; negative numbers go in two's complement. */
  varint64(bits: bigint): void {
    let v = BigInt.asUintN(64, bits);
    while (v >= 128n) {
      this.bytes[this.position++] = Number(v & 127n) | 128;
      v >>= 7n;
    }
    this.bytes[this.position++] = Number(v);
  }

  float(value: number): void {
    this.position = this.bytes.writeFloatLE(value, this.position);
  }
  double(value: number): void {
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }
  word(bits: number): void {
    this.position = this.bytes.writeUInt32LE(bits, this.position);
  }

  /** Short plain strings, without a detour over an encoder. */
  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.bytes[this.position++] = text.charCodeAt(i);
  }

  chunk(data: Uint8Array): void {
    this.bytes.set(data, this.position);
    this.position += data.length;
  }
}
