/** Channels of a blob along axis 1, by number. Channels that stand and fall together have one root (`Channels.find`). */
export type Ids = Int32Array;

/**
 * All channels of a net and which of them are tied: a disjoint-set forest with path halving. A class may be pinned: it is then never
 * removed, and the first reason given says why.
 */
export class Channels {
  private readonly parents: number[] = [];
  private readonly reasons = new Map<number, string>();

  get count(): number {
    return this.parents.length;
  }

  /** `count` new channels, tied to nothing. */
  fresh(count: number): Ids {
    const first = this.parents.length;
    for (let i = 0; i < count; i++) this.parents.push(first + i);
    return Int32Array.from({ length: count }, (_, i) => first + i);
  }

  find(id: number): number {
    const { parents } = this;
    let at = id;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]!]!;
      at = parents[at]!;
    }
    return at;
  }

  /** The lower number becomes the root, so that roots do not depend on the order of ties. */
  tie(a: number, b: number): void {
    const [low, high] = [this.find(a), this.find(b)].sort((x, y) => x - y) as [number, number];
    if (low === high) return;
    this.parents[high] = low;
    const reason = this.reasons.get(low) ?? this.reasons.get(high);
    if (reason !== undefined) this.reasons.set(low, reason);
  }

  /** Ties channel i of one to channel i of the other. */
  tieAll(a: Ids, b: Ids): void {
    for (let i = 0; i < a.length; i++) this.tie(a[i]!, b[i]!);
  }

  pin(ids: Iterable<number>, reason: string): void {
    for (const id of ids) {
      const root = this.find(id);
      if (!this.reasons.has(root)) this.reasons.set(root, reason);
    }
  }

  /** Why the channel stays, or undefined where it may go. */
  reason(id: number): string | undefined {
    return this.reasons.get(this.find(id));
  }
}

/** Every id `times` times in a row: channel c of a map with `times` places owns columns c·times … of its flattened vector. */
export function repeatIds(ids: Ids, times: number): Ids {
  if (times === 1) return ids;
  return Int32Array.from({ length: ids.length * times }, (_, i) => ids[Math.floor(i / times)]!);
}

/** `parts` runs of equal length. */
export function splitIds(ids: Ids, parts: number): Ids[] {
  const length = ids.length / parts;
  return Array.from({ length: parts }, (_, q) => ids.subarray(q * length, (q + 1) * length));
}
