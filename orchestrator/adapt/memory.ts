/** What a buffer of an adaptation is for. */
export type MemoryKind =
  /** Statistics or stored features of the classes. */
  | 'generator'
  /** One batch of features and labels, and the noise it is drawn from. */
  | 'samples'
  /** Blobs of the training step: data and gradients. */
  | 'activations'
  /** Weights and their gradients. */
  | 'parameters'
  /** What the update rule remembers. */
  | 'history'
  /** Masks and copies that layers hold. */
  | 'layers'
  /** The stream's histograms, the shipped head, one window of features. */
  | 'watch';

export type MemoryFigures = Readonly<Partial<Record<MemoryKind, number>>>;

/**
 * Counts the bytes of every buffer an adaptation holds, when it is allocated and when it is let go: figures are of
 * buffers that exist, not of a formula.
 */
export class MemoryLedger {
  private readonly held = new Map<MemoryKind, number>();
  private readonly arrays = new WeakMap<ArrayBufferView, MemoryKind>();
  private atPeak: MemoryFigures = {};
  private now = 0;
  private most = 0;

  get bytes(): number {
    return this.now;
  }

  get peak(): number {
    return this.most;
  }

  /** Bytes by kind at the moment of the peak. */
  get peakByKind(): MemoryFigures {
    return this.atPeak;
  }

  float32(kind: MemoryKind, elements: number): Float32Array {
    return this.own(kind, new Float32Array(elements));
  }

  int32(kind: MemoryKind, elements: number): Int32Array {
    return this.own(kind, new Int32Array(elements));
  }

  int8(kind: MemoryKind, elements: number): Int8Array {
    return this.own(kind, new Int8Array(elements));
  }

  private own<T extends Float32Array | Int32Array | Int8Array>(kind: MemoryKind, array: T): T {
    this.arrays.set(array, kind);
    this.add(kind, array.byteLength);
    return array;
  }

  /** Lets go of arrays this ledger gave out; others are left alone. */
  release(...arrays: readonly ArrayBufferView[]): void {
    for (const array of arrays) {
      const kind = this.arrays.get(array);
      if (kind === undefined) continue;
      this.arrays.delete(array);
      this.add(kind, -array.byteLength);
    }
  }

  /** Counts buffers that somebody else allocated (an execution's blobs, a solver's history); gives the way to let go of them. */
  hold(figures: MemoryFigures): () => void {
    const entries = Object.entries(figures) as [MemoryKind, number][];
    for (const [kind, bytes] of entries) this.add(kind, bytes);
    let open = true;
    return () => {
      if (open) for (const [kind, bytes] of entries) this.add(kind, -bytes);
      open = false;
    };
  }

  private add(kind: MemoryKind, bytes: number): void {
    this.held.set(kind, (this.held.get(kind) ?? 0) + bytes);
    this.now += bytes;
    if (this.now <= this.most) return;
    this.most = this.now;
    this.atPeak = Object.fromEntries([...this.held].filter(([, b]) => b > 0));
  }
}
