/** Pages of 4 KiB: XRT copies host buffers that do not start on one. */
export const PAGE = 4096;

/** Bytes alive in tensors of this process, for the memory figures of reports. */
export const tensorMemory = { bytes: 0, peak: 0 };

/** Zero-filled float32 memory that starts on a page; the length in memory is rounded up to whole pages. */
export function pageAligned(elements: number): Float32Array {
  const bytes = Math.max(PAGE, Math.ceil((elements * 4) / PAGE) * PAGE);
  const buffer = new ArrayBuffer(bytes + PAGE);
  const offset = pageOffset(buffer);
  return new Float32Array(buffer, offset, elements);
}

let pageOffset: (buffer: ArrayBuffer) => number = () => 0;

/** Only the FFI door can tell an address; it hands the rule in when it opens (blob/ may not import native/). */
export function setPageOffset(rule: (buffer: ArrayBuffer) => number): void {
  pageOffset = rule;
}

/** One run of float32 elements; several blobs may share it. Host memory appears at first touch. */
export class Tensor {
  readonly name: string;
  readonly length: number;
  /** The tensor whose beginning this one uses (a slab of a plan); itself where the memory is its own. */
  readonly root: Tensor;
  private memory: Float32Array | undefined;

  constructor(name: string, length: number, slab?: Tensor) {
    this.name = name;
    this.length = length;
    this.root = slab ?? this;
  }

  get allocated(): boolean {
    return this.memory !== undefined;
  }

  get host(): Float32Array {
    if (this.memory) return this.memory;
    if (this.root !== this) this.memory = this.root.host.subarray(0, this.length);
    else {
      this.memory = pageAligned(this.length);
      tensorMemory.bytes += this.length * 4;
      tensorMemory.peak = Math.max(tensorMemory.peak, tensorMemory.bytes);
    }
    return this.memory;
  }

  /** Give the memory back; the next touch starts from zeros. */
  release(): void {
    if (!this.memory) return;
    this.memory = undefined;
    if (this.root === this) tensorMemory.bytes -= this.length * 4;
  }
}
