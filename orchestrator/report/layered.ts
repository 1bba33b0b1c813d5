/** A box to be placed. */
export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Link {
  readonly from: number;
  readonly to: number;
}

export interface Placed {
  /** Centre and top edge of each box. */
  readonly boxes: readonly { readonly x: number; readonly y: number }[];
  /** Points each link runs through, from the bottom of one box to the top of another. */
  readonly links: readonly (readonly (readonly [number, number])[])[];
  readonly width: number;
  readonly height: number;
}

/** Gaps in pixels: between boxes of a rank, around a passing link, between ranks. */
const GAP = 24;
const LINK_GAP = 12;
const RANK_GAP = 34;
const SWEEPS = 12;
/** Links of so many ranks count like neighbours; longer ones give way to boxes. */
const SHORT = 3;
const LIGHT = 0.1;

/** A box or a point where a long link passes a rank. */
interface Slot {
  readonly rank: number;
  readonly box: number | undefined;
  readonly width: number;
  /** How much its place counts for its neighbours, and against them in its row. */
  readonly weight: number;
  readonly above: number[];
  readonly below: number[];
  x: number;
}

/**
 * Places boxes in ranks from the top down so that every link goes down (Sugiyama's steps: ranks by longest path, points
 * where links pass a rank, order by barycentres, positions by least squares). Links must not form a cycle and must be
 * listed with `from < to` reachable order, as the layers of a net are.
 */
export function placeLayered(boxes: readonly Box[], links: readonly Link[]): Placed {
  const ranks = rankBoxes(boxes.length, links);
  const slots: Slot[] = boxes.map((box, i) => ({
    rank: ranks[i]!,
    box: i,
    width: box.width,
    weight: 1,
    above: [],
    below: [],
    x: 0,
  }));
  const chains = links.map(({ from, to }) => chain(slots, from, to));
  const rows: number[][] = Array.from({ length: Math.max(0, ...ranks) + 1 }, () => []);
  for (const [i, slot] of slots.entries()) rows[slot.rank]!.push(i);
  orderRows(slots, rows);
  positionRows(slots, rows);
  straighten(slots, rows, chains);
  return finish(boxes, slots, rows, chains);
}

function rankBoxes(count: number, links: readonly Link[]): number[] {
  const ranks = new Array<number>(count).fill(0);
  for (const { from, to } of [...links].sort((a, b) => a.to - b.to)) ranks[to] = Math.max(ranks[to]!, ranks[from]! + 1);
  // Sources come down to just above their first reader.
  const fed = new Set(links.map((link) => link.to));
  const first = new Map<number, number>();
  for (const { from, to } of links) first.set(from, Math.min(first.get(from) ?? Infinity, ranks[to]!));
  for (let i = 0; i < count; i++) if (!fed.has(i)) ranks[i] = Math.max(0, (first.get(i) ?? 1) - 1);
  return ranks;
}

/** Slots that a link runs through, its ends included; one for each rank between. */
function chain(slots: Slot[], from: number, to: number): number[] {
  const path = [from];
  const weight = slots[to]!.rank - slots[from]!.rank <= SHORT ? 1 : LIGHT;
  for (let rank = slots[from]!.rank + 1; rank < slots[to]!.rank; rank++) {
    path.push(slots.length);
    slots.push({ rank, box: undefined, width: 0, weight, above: [], below: [], x: 0 });
  }
  path.push(to);
  for (let i = 1; i < path.length; i++) {
    slots[path[i - 1]!]!.below.push(path[i]!);
    slots[path[i]!]!.above.push(path[i - 1]!);
  }
  return path;
}

/** Sorts each row by the mean place of its neighbours, down and up in turn. */
function orderRows(slots: readonly Slot[], rows: number[][]): void {
  const place = new Float64Array(slots.length);
  const number = (row: readonly number[]) => {
    for (const [i, slot] of row.entries()) place[slot] = (i + 0.5) / row.length;
  };
  for (const row of rows) number(row);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : rows.toReversed()) {
      const wish = new Map(
        row.map((slot) => {
          const near = down ? slots[slot]!.above : slots[slot]!.below;
          return [slot, near.length > 0 ? near.reduce((sum, n) => sum + place[n]!, 0) / near.length : place[slot]!];
        }),
      );
      row.sort((a, b) => wish.get(a)! - wish.get(b)!);
      number(row);
    }
  }
}

function spacing(a: Slot, b: Slot): number {
  const gap = a.box === undefined || b.box === undefined ? LINK_GAP : GAP;
  return (a.width + b.width) / 2 + gap;
}

/** Mean of the neighbours' places; `own` where there are none. */
function wishOf(slots: readonly Slot[], near: readonly number[], own: number): number {
  let sum = 0;
  let weight = 0;
  for (const n of near) {
    sum += slots[n]!.weight * slots[n]!.x;
    weight += slots[n]!.weight;
  }
  return weight > 0 ? sum / weight : own;
}

/** Moves each slot toward the mean of its neighbours as far as its row allows. */
function positionRows(slots: readonly Slot[], rows: readonly (readonly number[])[]): void {
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (const row of down ? rows : rows.toReversed()) {
      const wishes = row.map((i) => {
        const { above, below, x } = slots[i]!;
        return wishOf(slots, sweep < 4 ? (down ? above : below) : [...above, ...below], x);
      });
      const weights = row.map((i) => slots[i]!.weight);
      const offsets = [0];
      for (let k = 1; k < row.length; k++)
        offsets.push(offsets[k - 1]! + spacing(slots[row[k - 1]!]!, slots[row[k]!]!));
      const fitted = increasing(
        wishes.map((x, k) => x - offsets[k]!),
        weights,
      );
      for (const [k, slot] of row.entries()) slots[slot]!.x = fitted[k]! + offsets[k]!;
    }
  }
}

/** Lets each long link run straight as far as the boxes beside it allow; boxes stay. */
function straighten(
  slots: readonly Slot[],
  rows: readonly (readonly number[])[],
  chains: readonly (readonly number[])[],
): void {
  const column = new Map(rows.flatMap((row) => row.map((slot, k) => [slot, k] as const)));
  const bound = (index: number, step: -1 | 1): number => {
    const row = rows[slots[index]!.rank]!;
    const next = row[column.get(index)! + step];
    return next === undefined ? step * Infinity : slots[next]!.x - step * spacing(slots[index]!, slots[next]!);
  };
  for (const path of chains) {
    const passing = path.slice(1, -1);
    const ends = [slots[path[0]!]!.x, slots[path.at(-1)!]!.x];
    for (let start = 0; start < passing.length; ) {
      let [low, high] = [-Infinity, Infinity];
      let end = start;
      for (; end < passing.length; end++) {
        const [l, h] = [Math.max(low, bound(passing[end]!, -1)), Math.min(high, bound(passing[end]!, 1))];
        if (l > h && end > start) break;
        [low, high] = [l, h];
      }
      const wish = start === 0 ? ends[0]! : slots[passing[start - 1]!]!.x;
      const aim = end === passing.length ? ends[1]! : wish;
      const x = Math.max(low, Math.min(high, (wish + aim) / 2));
      for (; start < end; start++) slots[passing[start]!]!.x = x;
    }
  }
}

/** The non-decreasing numbers nearest to `values` in weighted least squares (pool adjacent violators). */
function increasing(values: readonly number[], weights: readonly number[]): number[] {
  const pools: { mean: number; weight: number; size: number }[] = [];
  values.forEach((value, i) => {
    pools.push({ mean: value, weight: weights[i]!, size: 1 });
    for (let last = pools.length - 1; last > 0 && pools[last - 1]!.mean > pools[last]!.mean; last--) {
      const b = pools.pop()!;
      const a = pools[last - 1]!;
      const weight = a.weight + b.weight;
      pools[last - 1] = { mean: (a.mean * a.weight + b.mean * b.weight) / weight, weight, size: a.size + b.size };
    }
  });
  return pools.flatMap((pool) => new Array<number>(pool.size).fill(pool.mean));
}

function finish(
  boxes: readonly Box[],
  slots: readonly Slot[],
  rows: readonly (readonly number[])[],
  chains: readonly (readonly number[])[],
): Placed {
  const heights = rows.map((row) =>
    Math.max(0, ...row.map((i) => (slots[i]!.box === undefined ? 0 : boxes[i]!.height))),
  );
  const tops: number[] = [];
  for (const rank of heights.keys()) tops.push(rank === 0 ? 0 : tops[rank - 1]! + heights[rank - 1]! + RANK_GAP);
  const left = Math.min(0, ...slots.map((s) => s.x - s.width / 2));
  const right = Math.max(0, ...slots.map((s) => s.x + s.width / 2));
  const links = chains.map((path) =>
    path.flatMap((index, i): (readonly [number, number])[] => {
      const slot = slots[index]!;
      const x = slot.x - left;
      const top = tops[slot.rank]!;
      if (i === path.length - 1) return [[x, top]];
      if (i === 0) return [[x, top + boxes[index]!.height]];
      return [
        [x, top],
        [x, top + heights[slot.rank]!],
      ];
    }),
  );
  return {
    boxes: boxes.map((_, i) => ({ x: slots[i]!.x - left, y: tops[slots[i]!.rank]! })),
    links,
    width: right - left,
    height: (tops.at(-1) ?? 0) + (heights.at(-1) ?? 0),
  };
}
