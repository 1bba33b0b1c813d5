const LEAST = 16;

/** The values of a message in the order in which they came: runs of one field, each with the offsets at which it begins in the two forms. */
export class Pieces {
  count = 0;
  /** `Field.position` of each. */
  positions = new Uint32Array(LEAST);
  /** One more than there are pieces: the last one's end. */
  wire = new Uint32Array(LEAST + 1);
  json = new Uint32Array(LEAST + 1);
  private order = new Uint32Array(LEAST);

  /** Whether a value at this position goes on with the last run. */
  extends(position: number): boolean {
    return this.count > 0 && this.positions[this.count - 1] === position;
  }

  add(position: number, wire: number, json: number): void {
    const { count } = this;
    if (count === this.positions.length) this.grow();
    this.positions[count] = position;
    this.wire[count] = wire;
    this.json[count] = json;
    this.count = count + 1;
  }

  private grow(): void {
    const twice = 2 * this.count;
    this.positions = larger(this.positions, twice);
    this.wire = larger(this.wire, twice + 1);
    this.json = larger(this.json, twice + 1);
    this.order = new Uint32Array(twice);
  }

  /** Marks where the last piece ends. */
  end(wire: number, json: number): void {
    this.wire[this.count] = wire;
    this.json[this.count] = json;
  }

  /** Whether the pieces stand in the order of their fields' ranks. */
  inOrder(ranks: Uint32Array): boolean {
    const { positions, count } = this;
    for (let i = 1; i < count; i++) if (ranks[positions[i]!]! < ranks[positions[i - 1]!]!) return false;
    return true;
  }

  /** The pieces in the order of their fields' ranks; those of one field stay in theirs. Holds until the next call. */
  sorted(ranks: Uint32Array): Uint32Array {
    const { count, positions, order } = this;
    if (count > LEAST) return this.counted(ranks);
    for (let i = 0; i < count; i++) {
      const rank = ranks[positions[i]!]!;
      let j = i;
      for (; j > 0 && ranks[positions[order[j - 1]!]!]! > rank; j--) order[j] = order[j - 1]!;
      order[j] = i;
    }
    return order;
  }

  /** By counting: a hostile text alternates between two fields a million times. */
  private counted(ranks: Uint32Array): Uint32Array {
    const { count, positions, order } = this;
    const next = new Uint32Array(ranks.length + 1);
    for (let i = 0; i < count; i++) next[ranks[positions[i]!]! + 1]!++;
    for (let rank = 1; rank <= ranks.length; rank++) next[rank]! += next[rank - 1]!;
    for (let i = 0; i < count; i++) order[next[ranks[positions[i]!]!]!++] = i;
    return order;
  }

  /** The end of the run of pieces of one field that begins at `from` in an order. */
  groupEnd(order: Uint32Array, from: number): number {
    const { count, positions } = this;
    const position = positions[order[from]!];
    let end = from + 1;
    while (end < count && positions[order[end]!] === position) end++;
    return end;
  }
}

function larger(from: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(length);
  to.set(from);
  return to;
}
