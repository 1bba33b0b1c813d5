import type { Blob } from '../blob/index.ts';

/** Whether a layer runs in place: its top's values lie where its bottom's do. */
export const inPlace = (bottom: Blob, top: Blob): boolean =>
  bottom.data.buffer === top.data.buffer && bottom.data.byteOffset === top.data.byteOffset;

/** A private buffer that grows as needed and keeps its memory from call to call. */
export class Scratch<A extends Float32Array | Int32Array | Uint8Array> {
  private memory: A | undefined;
  private readonly make: (length: number) => A;

  constructor(make: (length: number) => A) {
    this.make = make;
  }

  /** `length` elements; their values are what was left there. */
  take(length: number): A {
    if (!this.memory || this.memory.length < length) this.memory = this.make(length);
    return this.memory.length === length ? this.memory : (this.memory.subarray(0, length) as A);
  }

  get bytes(): number {
    return this.memory?.byteLength ?? 0;
  }
}

export const floatScratch = () => new Scratch((length) => new Float32Array(length));
export const intScratch = () => new Scratch((length) => new Int32Array(length));
export const byteScratch = () => new Scratch((length) => new Uint8Array(length));
