/** Words of the control block that the two threads share. */
export const WORD = { produced: 0, taken: 1, failed: 2, stop: 3, count: 4 } as const;

/** Memory shared by loader and consumer: `slots` batches of floats, each with its labels behind it. */
export interface Ring {
  readonly control: Int32Array;
  readonly slots: readonly { readonly data: Float32Array; readonly labels: Float32Array }[];
}

export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
  readonly elements: number;
  readonly labels: number;
  readonly slots: number;
}

/** Bytes a ring may take; fewer batches are read ahead where they are large, but never fewer than two. */
const MOST_BYTES = 128 * 2 ** 20;

/** Allocates a ring for batches of `elements` floats and `labels` labels, at most `wanted` of them. */
export function allocateRing(elements: number, labels: number, wanted: number): RingMemory {
  const bytes = (elements + labels) * 4;
  const slots = Math.max(2, Math.min(wanted, Math.floor(MOST_BYTES / Math.max(bytes, 1))));
  return {
    control: new SharedArrayBuffer(WORD.count * 4),
    data: new SharedArrayBuffer(bytes * slots),
    elements,
    labels,
    slots,
  };
}

/** Views of a ring's memory, made in each thread. */
export function openRing(memory: RingMemory): Ring {
  const stride = (memory.elements + memory.labels) * 4;
  return {
    control: new Int32Array(memory.control),
    slots: Array.from({ length: memory.slots }, (_, i) => ({
      data: new Float32Array(memory.data, i * stride, memory.elements),
      labels: new Float32Array(memory.data, i * stride + memory.elements * 4, memory.labels),
    })),
  };
}
