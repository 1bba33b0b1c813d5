import type { ChannelGraph, ParamView, Width } from './graph.ts';

/** A place where a class of channels occurs, and how often. */
interface Occurrence {
  readonly at: number;
  readonly times: number;
}

interface ViewCount {
  readonly view: ParamView;
  /** Rows that survive in each group, and columns. */
  readonly rows: number[];
  readonly columns: number[];
}

/** Running counts while channels are removed: parameters, filters and the widths of layers. Removing a class costs its occurrences. */
export class Tally {
  readonly widths: readonly Width[];
  /** Channels left of each width. */
  readonly left: number[];
  parameters = 0;
  filters = 0;
  private readonly views: ViewCount[] = [];
  private readonly ofWidth = new Map<number, Occurrence[]>();
  private readonly ofRows = new Map<number, Occurrence[]>();
  private readonly ofColumns = new Map<number, Occurrence[]>();
  private readonly ofFilters = new Map<number, Occurrence[]>();
  /** Views of more groups than this many are flattened to `view · stride + group`. */
  private readonly stride: number;

  constructor(graph: ChannelGraph) {
    const { channels } = graph;
    this.widths = graph.widths;
    this.left = graph.widths.map(({ ids }) => ids.length);
    const note = (into: Map<number, Occurrence[]>, ids: Iterable<number>, at: number) => {
      const times = new Map<number, number>();
      for (const id of ids) times.set(channels.find(id), (times.get(channels.find(id)) ?? 0) + 1);
      for (const [root, n] of times) into.set(root, [...(into.get(root) ?? []), { at, times: n }]);
    };
    for (const [at, { ids }] of graph.widths.entries()) note(this.ofWidth, ids, at);
    const owned = [...graph.views.values()].filter(({ param, counted }) => counted && param.owner === param.index);
    this.stride = Math.max(1, ...owned.map(({ columnIds }) => columnIds?.length ?? 1));
    owned.forEach((view, v) => {
      const groups = view.columnIds?.length ?? 1;
      const rows = view.rows / groups;
      for (let q = 0; q < groups; q++) {
        if (view.rowIds) note(this.ofRows, view.rowIds.subarray(q * rows, (q + 1) * rows), v * this.stride + q);
        if (view.columnIds) note(this.ofColumns, view.columnIds[q]!, v * this.stride + q);
      }
      const count: ViewCount = {
        view,
        rows: new Array<number>(groups).fill(rows),
        columns: new Array<number>(groups).fill(view.columns),
      };
      this.views.push(count);
      this.parameters += view.rows * view.columns * view.inner;
    });
    let maker = 0;
    for (const { outputs } of graph.producers.values()) {
      note(this.ofFilters, outputs, maker++);
      this.filters += outputs.length;
    }
    const known = new Set(owned.map(({ param }) => param.key));
    for (const net of graph.nets) {
      for (const param of net.params) {
        if (known.has(param.key) || graph.views.has(param.key) || !param.learnable) continue;
        known.add(param.key);
        if (net.layers[param.layer]!.type.type === 'BatchNorm') continue;
        this.parameters += param.shape.reduce((a, b) => a * b, 1);
      }
    }
  }

  /** Channels that each width would lose: pairs of its place and the number. */
  losses(roots: readonly number[]): Map<number, number> {
    const losses = new Map<number, number>();
    for (const root of roots) {
      for (const { at, times } of this.ofWidth.get(root) ?? []) losses.set(at, (losses.get(at) ?? 0) + times);
    }
    return losses;
  }

  remove(roots: readonly number[]): void {
    for (const [at, lost] of this.losses(roots)) this.left[at]! -= lost;
    for (const root of roots) {
      for (const { times } of this.ofFilters.get(root) ?? []) this.filters -= times;
      this.shrink(this.ofRows.get(root), 'rows');
      this.shrink(this.ofColumns.get(root), 'columns');
    }
  }

  private shrink(places: readonly Occurrence[] | undefined, axis: 'rows' | 'columns'): void {
    for (const { at, times } of places ?? []) {
      const count = this.views[Math.floor(at / this.stride)]!;
      const q = at % this.stride;
      const other = axis === 'rows' ? count.columns[q]! : count.rows[q]!;
      this.parameters -= times * other * count.view.inner;
      count[axis][q]! -= times;
    }
  }
}
