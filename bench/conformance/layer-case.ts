import { join } from 'node:path';
import { Blob, type Layout, NCHW, type Shape, sameShape } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { type Layer, type LayerContext, type LayerType, layerTypes } from '../../orchestrator/layers/index.ts';
import { reorder } from '../../orchestrator/math/layout.ts';
import { type LayerParameter, parseNet } from '../../orchestrator/proto/index.ts';
import { type GoldenTensor, type LayerCase, readValues } from './cases.ts';
import { compare } from './compare.ts';

/** Where a case runs: in which layout its blobs lie, and what stands in for the host's forward and backward. */
export interface Place {
  readonly name: string;
  /** Lanes of blocked blobs; cases whose layer wants row-major there are skipped. Default 1. */
  readonly lanes?: number;
  /** The layer that runs, given the host's: an accelerator wraps it. A string is the reason why it takes no such layer. */
  replace?(layer: Layer, type: LayerType, param: LayerParameter, bottoms: readonly Shape[]): Layer | string;
}

export const HOST: Place = { name: 'host' };

export interface Outcome {
  readonly name: string;
  readonly type: string;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or what differs. */
  readonly reason?: string;
  /** Largest difference over the tolerance. */
  readonly worst: number;
  /** Where a card's plan put it: `card`, or `host` and why. */
  readonly place?: string;
}

const lists = (tensors: readonly GoldenTensor[], role: GoldenTensor['role']) => tensors.filter((t) => t.role === role);

/** Runs one recorded layer and compares everything that was recorded. Never throws: what goes wrong is a failure with its text. */
export function runLayerCase(golden: LayerCase, folder: string, place: Place = HOST): Outcome {
  const { name, type } = golden;
  const known = layerTypes.get(type);
  if (!known) return { name, type, verdict: 'skipped', reason: `layer type ${type} is not there`, worst: 0 };
  let layer: Layer | undefined;
  try {
    const net = parseNet(golden.prototxt, `${name}.prototxt`);
    const param = net.layer[0]!;
    layer = known.create(param, context(golden, folder));
    const run = new CaseRun(golden, readValues(folder, golden.file), known, param, layer, place);
    const skip = run.refusal();
    if (skip) return { name, type, verdict: 'skipped', reason: skip, worst: 0 };
    return run.outcome();
  } catch (error) {
    return { name, type, verdict: 'failed', reason: (error as Error).message, worst: Number.POSITIVE_INFINITY };
  } finally {
    layer?.close?.();
  }
}

function context(golden: LayerCase, folder: string): LayerContext {
  return { phase: golden.phase, random: new RandomStream(1, golden.name), resolve: (path) => join(folder, path) };
}

class CaseRun {
  private readonly golden: LayerCase;
  private readonly values: Float32Array;
  private readonly type: LayerType;
  private readonly param: LayerParameter;
  private readonly layout: Layout;
  private readonly place: Place;
  private readonly bottomShapes: Shape[];
  private readonly topShapes: Shape[];
  private layer: Layer;
  private worst = 0;
  private readonly failures: string[] = [];

  constructor(
    golden: LayerCase,
    values: Float32Array,
    type: LayerType,
    param: LayerParameter,
    layer: Layer,
    place: Place,
  ) {
    this.golden = golden;
    this.values = values;
    this.type = type;
    this.param = param;
    this.layer = layer;
    this.place = place;
    this.layout = place.lanes ? { lanes: place.lanes } : NCHW;
    this.bottomShapes = lists(golden.tensors, 'bottom').map((t) => t.shape);
    this.topShapes = layer.reshape(this.bottomShapes);
  }

  /** Why this place takes no such case. */
  refusal(): string | undefined {
    if (this.layout.lanes > 1) {
      const layouts = this.type.layoutsFor?.(this.param, this.bottomShapes) ?? this.type.layouts;
      if (layouts !== 'any') return `${this.type.type} works on row-major blobs here`;
    }
    const replaced = this.place.replace?.(this.layer, this.type, this.param, this.bottomShapes);
    if (typeof replaced === 'string') return replaced;
    if (replaced) this.layer = replaced;
    return undefined;
  }

  outcome(): Outcome {
    const { golden } = this;
    const bottoms = this.bottomShapes.map((shape, i) => this.blob(`bottom${i}`, shape));
    const tops = this.topShapes.map((shape, i) => this.blob(`top${i}`, shape));
    const params = this.layer.params.map(({ name, shape }) => new Blob(name, shape));
    for (const t of lists(golden.tensors, 'bottom')) this.write(this.of(t), bottoms[t.index]!, 'data');
    for (const t of lists(golden.tensors, 'param')) {
      if (!sameShape(t.shape, params[t.index]?.shape ?? [-1])) {
        this.failures.push(`param ${t.index} is [${params[t.index]?.shape}], reference [${t.shape}]`);
      } else params[t.index]!.data.set(this.of(t));
    }
    for (let step = 0; step < (golden.steps ?? 1) && this.failures.length === 0; step++) {
      this.layer.forward(bottoms, tops, params);
      this.checkTops(tops, step);
    }
    this.check('param_after', params, 'data');
    if (golden.backward !== false && this.failures.length === 0) this.backward(bottoms, tops, params);
    const verdict = this.failures.length > 0 ? 'failed' : 'passed';
    const reason = this.failures.length > 0 ? { reason: this.failures.join('; ') } : {};
    return { name: golden.name, type: golden.type, verdict, worst: this.worst, ...reason };
  }

  private backward(bottoms: Blob[], tops: Blob[], params: Blob[]): void {
    const { golden, layer } = this;
    const expected = golden.tensors.some((t) => t.role === 'bottom_diff' || t.role === 'param_diff');
    if (!expected) return;
    if (!layer.backward) return void this.failures.push('there is no backward');
    for (const t of lists(golden.tensors, 'top_diff')) this.write(this.of(t), tops[t.index]!, 'diff');
    for (const [i, weight] of (golden.loss_weight ?? []).entries()) tops[i]!.diff.fill(weight);
    // Gradients of bottoms are written, not added: what was there before must not show.
    for (const bottom of bottoms) bottom.diff.fill(Number.NaN);
    const wanted = bottoms.map((_, i) => golden.propagate_down?.[i] ?? true);
    layer.backward(
      tops,
      wanted,
      bottoms,
      params,
      params.map(() => true),
    );
    this.check('bottom_diff', bottoms, 'diff');
    this.check('param_diff', params, 'diff');
  }

  private checkTops(tops: readonly Blob[], step: number): void {
    const { golden, layer } = this;
    for (const t of lists(golden.tensors, 'top')) {
      if ((t.step ?? 0) !== step) continue;
      const shape = layer.lastShapes?.[t.index] ?? tops[t.index]?.shape;
      if (!shape || !sameShape(shape, t.shape)) {
        this.failures.push(`top ${t.index} is [${shape}], reference [${t.shape}]`);
        continue;
      }
      this.difference(`top ${t.index}`, this.read(tops[t.index]!, 'data'), t);
    }
    if (golden.loss === undefined) return;
    const loss = (golden.loss_weight ?? []).reduce(
      (sum, weight, i) => sum + (weight ? weight * tops[i]!.data[0]! : 0),
      0,
    );
    const { ratio, message } = compare('loss', [loss], [golden.loss], undefined);
    if (ratio > 1) this.failures.push(message);
  }

  private check(
    role: 'param_after' | 'bottom_diff' | 'param_diff',
    blobs: readonly Blob[],
    part: 'data' | 'diff',
  ): void {
    for (const t of lists(this.golden.tensors, role)) {
      const blob = blobs[t.index];
      if (!blob) this.failures.push(`${role} ${t.index}: no such blob`);
      else this.difference(`${role} ${t.index}`, this.read(blob, part), t);
    }
  }

  private difference(what: string, values: Float32Array, t: GoldenTensor): void {
    const { ratio, message } = compare(what, values, this.of(t), t.maxabs, this.golden.type);
    this.worst = Math.max(this.worst, ratio);
    if (ratio > 1) this.failures.push(message);
  }

  private of(t: GoldenTensor): Float32Array {
    return this.values.subarray(t.offset, t.offset + t.count);
  }

  private blob(name: string, shape: Shape): Blob {
    return new Blob(name, shape, this.layout);
  }

  private write(values: Float32Array, blob: Blob, part: 'data' | 'diff'): void {
    if (blob.layout.lanes === 1) blob[part].set(values);
    else reorder(values, NCHW, blob[part], blob.layout, blob.shape);
    if (part === 'data') this.disturbPadding(blob);
  }

  /** Padding lanes of values may hold anything finite: put something there that would show. */
  private disturbPadding({ shape, layout: { lanes }, data }: Blob): void {
    const batch = shape[0] ?? 1;
    const rest = (data.length / Math.ceil(batch / lanes) / lanes) | 0;
    for (let image = batch; image < Math.ceil(batch / lanes) * lanes; image++)
      for (let r = 0; r < rest; r++) data[(Math.floor(image / lanes) * rest + r) * lanes + (image % lanes)] = 777;
  }

  private read(blob: Blob, part: 'data' | 'diff'): Float32Array {
    if (blob.layout.lanes === 1) return blob[part];
    const values = new Float32Array(blob.count);
    reorder(blob[part], blob.layout, values, NCHW, blob.shape);
    return values;
  }
}
