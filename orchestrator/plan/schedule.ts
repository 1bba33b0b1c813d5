import { type Layout, NCHW } from '../blob/index.ts';
import { type Net, type NetLayer, resizedLayers } from '../net/index.ts';
import type { Placement, Step, Value } from './plan.ts';

/** Steps in order, and the values they work on; memory is assigned later. */
export interface Schedule {
  readonly values: Value[];
  readonly forward: Step[];
  readonly backward: Step[];
  readonly finalValue: Map<string, number>;
  /** Pairs of values that are one memory: [value, value, data, diff]. */
  readonly aliases: { a: number; b: number; data: boolean; diff: boolean }[];
}

/**
 * Turns a placed net into steps. Each layer works in one layout: batch-blocked on the card and in host layers that can
 * follow it, row-major elsewhere; where a bottom lies otherwise, a reorder makes a shadow of it.
 */
export function schedule(net: Net, placements: readonly Placement[], lanes: number): Schedule {
  return new Scheduler(net, placements, { lanes }).run();
}

class Scheduler {
  private readonly net: Net;
  private readonly placements: readonly Placement[];
  private readonly blocked: Layout;
  /** Rows are selected at run time: the first ones of a row-major blob. */
  private readonly resized: ReadonlyMap<number, string>;
  private readonly values: Value[] = [];
  private readonly forward: Step[] = [];
  private readonly backward: Step[] = [];
  private readonly current = new Map<string, number>();
  private readonly aliases: Schedule['aliases'] = [];
  private readonly bottomsOf: number[][] = [];
  private readonly topsOf: number[][] = [];

  constructor(net: Net, placements: readonly Placement[], blocked: Layout) {
    this.net = net;
    this.placements = placements;
    this.blocked = blocked;
    this.resized = resizedLayers(net);
  }

  run(): Schedule {
    for (const layer of this.net.layers) this.forwardLayer(layer);
    this.backwardPass();
    const { values, forward, backward, aliases, current } = this;
    return { values, forward, backward, aliases, finalValue: current };
  }

  private layoutOf(layer: NetLayer): Layout {
    if (this.placements[layer.index]!.place === 'fpga') return this.blocked;
    if (layer.type.isSource || layer.bottoms.length === 0 || this.resized.has(layer.index)) return NCHW;
    const shapes = layer.bottoms.map((id) => this.net.blobs.get(id)!.shape);
    const kind = layer.type.layoutsFor?.(layer.param, shapes) ?? layer.type.layouts;
    if (kind === 'nchw') return NCHW;
    const someBlocked = layer.bottoms.some((id) => this.values[this.current.get(id)!]!.layout.lanes > 1);
    return someBlocked ? this.blocked : NCHW;
  }

  private newValue(blob: string, layout: Layout, producer: number, shadowOf?: number): Value {
    const { shape, needsDiff: wanted } = this.net.blobs.get(blob)!;
    // A layer that runs backward reads the gradient of every top, also of one whose consumer has none (then zero).
    const needsDiff = wanted || this.net.layers[producer]!.needBackward;
    const value: Value = { id: this.values.length, blob, shape, layout, producer, needsDiff, shadowOf };
    this.values.push(value);
    return value;
  }

  private shadow(original: Value, layout: Layout): Value {
    const existing = this.values.find((v) => v.shadowOf === original.id && v.layout.lanes === layout.lanes);
    if (existing) return existing;
    const copy = this.newValue(original.blob, layout, original.producer, original.id);
    this.forward.push({ kind: 'reorder', from: original.id, to: copy.id, part: 'data' });
    return copy;
  }

  private forwardLayer(layer: NetLayer): void {
    const layout = this.layoutOf(layer);
    // Quantising reorders in the same pass, so a fixed-point launch takes its bottom in any layout.
    const anyLayout = this.placements[layer.index]!.words !== undefined;
    const bottoms = layer.bottoms.map((id) => {
      const value = this.values[this.current.get(id)!]!;
      return anyLayout || value.layout.lanes === layout.lanes ? value : this.shadow(value, layout);
    });
    const tops = layer.tops.map((id, i) => {
      const value = this.newValue(id, layout, layer.index);
      const inPlace = layer.bottoms.indexOf(id);
      if (inPlace >= 0) this.aliases.push({ a: bottoms[inPlace]!.id, b: value.id, data: true, diff: true });
      else if (layer.type.sharesData) {
        // Split's tops have gradients of their own that it sums; one-top layers share the gradient as well.
        this.aliases.push({ a: bottoms[0]!.id, b: value.id, data: true, diff: layer.type.tops.max === 1 && i === 0 });
      }
      return value;
    });
    layer.tops.forEach((id, i) => {
      this.current.set(id, tops[i]!.id);
    });
    this.bottomsOf.push(bottoms.map((v) => v.id));
    this.topsOf.push(tops.map((v) => v.id));
    if (this.placements[layer.index]!.place === 'fpga') this.forward.push(this.launch(layer, 'forward', false));
    else this.forward.push(this.host(layer, 'forward', []));
  }

  private host(layer: NetLayer, pass: 'forward' | 'backward', firstTouch: number[]): Step {
    return {
      kind: 'host',
      layer: layer.index,
      pass,
      bottoms: this.bottomsOf[layer.index]!,
      tops: this.topsOf[layer.index]!,
      firstTouch,
    };
  }

  private launch(layer: NetLayer, pass: 'forward' | 'backward-data' | 'backward-weights', firstTouch: boolean): Step {
    const [bottom] = this.bottomsOf[layer.index]!;
    const [top] = this.topsOf[layer.index]!;
    return {
      kind: 'launch',
      layer: layer.index,
      pass,
      bottom: bottom!,
      top: top!,
      weights: layer.params[0]!,
      bias: layer.params[1] ?? -1,
      firstTouch,
      words: this.placements[layer.index]!.words,
    };
  }

  private backwardPass(): void {
    const written = new Set<number>();
    const touched = new Set<number>();
    const touch = (layer: NetLayer): number[] => {
      const owners = layer.params.filter((_, j) => layer.paramPropagate[j]).map((p) => this.net.params[p]!.owner);
      const first = owners.filter((owner, i) => !touched.has(owner) && owners.indexOf(owner) === i);
      for (const owner of owners) touched.add(owner);
      return first;
    };
    for (const layer of [...this.net.layers].reverse()) {
      if (!layer.needBackward) continue;
      this.topsOf[layer.index]!.forEach((top, i) => {
        const weight = layer.lossWeights[i] ?? 0;
        if (weight !== 0) this.backward.push({ kind: 'fill', value: top, constant: weight });
        else if (!written.has(top) && this.values[top]!.needsDiff)
          this.backward.push({ kind: 'fill', value: top, constant: 0 });
      });
      const first = touch(layer);
      if (this.placements[layer.index]!.place === 'fpga') {
        if (layer.paramPropagate.some(Boolean))
          this.backward.push(this.launch(layer, 'backward-weights', first.length > 0));
        if (layer.propagateDown[0]) this.backward.push(this.launch(layer, 'backward-data', false));
      } else this.backward.push(this.host(layer, 'backward', first));
      this.bottomsOf[layer.index]!.forEach((id, i) => {
        if (!layer.propagateDown[i]) return;
        written.add(id);
        const value = this.values[id]!;
        if (value.shadowOf === undefined) return;
        this.backward.push({ kind: 'reorder', from: id, to: value.shadowOf, part: 'diff' });
        written.add(value.shadowOf);
      });
    }
  }
}
