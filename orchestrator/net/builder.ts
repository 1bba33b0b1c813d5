import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Shape } from '../blob/index.ts';
import { CremaError, nearest, type Problem, RandomStream } from '../core/index.ts';
import {
  checkFiller,
  type Layer,
  type LayerContext,
  type LayerType,
  layerTypes,
  type ParamSpec,
  type Phase,
} from '../layers/index.ts';
import { isSet, type LayerParameter, Phase as PhaseNumber, spanOf } from '../proto/index.ts';
import { checkArity, checkAxes } from './arity.ts';
import type { BackwardBlob, BackwardLayer } from './backward.ts';
import { layerProblems } from './failure.ts';
import { NOT_INFERABLE, notInferable } from './inferable.ts';
import type { NetBlob, NetOptions } from './net.ts';
import { ParamTable } from './sharing.ts';
import type { Wired } from './splits.ts';

/** Caffe counts the elements of a blob in an int. */
const MAX_BLOB_ELEMENTS = 2 ** 31 - 1;

/** A blob by its name: layers look it up once. */
export interface BuiltBlob extends BackwardBlob {
  /** Undefined where the layer that makes it has a fault. */
  shape: Shape | undefined;
  /** No later layer reads it so far, and the text names it. */
  available: boolean;
  /** Its place in the net, once that is assembled. */
  blob: (NetBlob & { writers: number[]; readers: number[]; needsDiff: boolean }) | undefined;
}

/** A layer that was set up, in its place. */
export interface Placed extends BackwardLayer {
  readonly wired: Wired;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly bottomBlobs: readonly BuiltBlob[];
  readonly topBlobs: readonly BuiltBlob[];
  readonly type: LayerType;
  readonly layer: Layer;
  readonly random: RandomStream;
  readonly params: number[];
  readonly lossWeights: readonly number[];
}

/** State of one build: everything found so far. */
export class Builder {
  readonly problems: Problem[] = [];
  readonly blobs = new Map<string, BuiltBlob>();
  readonly placed: Placed[] = [];
  readonly params = new ParamTable(this.problems);
  private readonly options: NetOptions;
  private readonly resolve: LayerContext['resolve'];

  constructor(options: NetOptions) {
    this.options = options;
    const folder = options.file ? dirname(options.file) : '.';
    this.resolve = (path) =>
      isAbsolute(path) || existsSync(path) || !existsSync(join(folder, path)) ? path : join(folder, path);
  }

  private context(param: LayerParameter): LayerContext {
    const phase: Phase = isSet(param, 'phase')
      ? param.phase === PhaseNumber.TRAIN
        ? 'TRAIN'
        : 'TEST'
      : this.options.phase;
    return {
      phase,
      random: new RandomStream(this.options.seed ?? 1, `${phase}/${param.name}`),
      resolve: this.resolve,
      assumedRecord: this.options.record,
    };
  }

  /** Adds one layer; what is wrong with it is noted and its tops get no shape, so that later layers are still checked. */
  add(wired: Wired): void {
    const { param } = wired;
    const type = this.typeOf(param);
    const bottoms = wired.bottoms.map((name) => this.blobs.get(name));
    for (const blob of bottoms) if (blob) blob.available = false;
    const automatic = type?.autoTops ? Math.max(0, type.tops.min - wired.tops.length) : 0;
    const names = automatic === 0 ? wired.tops : [...wired.tops];
    for (let i = 0; i < automatic; i++) (names as string[]).push(automaticName(wired, names.length));
    this.claimTops(wired, type);
    const tops = names.map((name, i) => (wired.bottoms[i] === name ? bottoms[i] : undefined) ?? this.blobOf(name));
    const shapes = type && this.setUp(wired, type, bottoms, names, tops);
    tops.forEach((blob, i) => {
      blob.shape = shapes?.[i];
      if (i < wired.tops.length) blob.available = true;
    });
  }

  private blobOf(name: string): BuiltBlob {
    let blob = this.blobs.get(name);
    if (!blob) {
      blob = { shape: undefined, available: false, wanted: false, underLoss: false, skipped: false, blob: undefined };
      this.blobs.set(name, blob);
    }
    return blob;
  }

  private typeOf(param: LayerParameter): LayerType | undefined {
    const reason = this.options.record ? notInferable(param) : undefined;
    const type = layerTypes.get(param.type);
    if (type && !reason) return type;
    // Places are looked up in the text, so only where there is something to say.
    const at = { path: param.name, span: spanOf(param, 'type') ?? spanOf(param) };
    if (reason) {
      this.problems.push({ ...at, message: reason, code: NOT_INFERABLE });
      return undefined;
    }
    if (param.type === 'Python') {
      this.problems.push({
        ...at,
        message: 'Python layers are not run',
        expected: "one of Caffe's own layer types",
        hint: 'replace it by Caffe layers, or compute its output beforehand and read it with HDF5Data',
        code: 'python-layer',
      });
      return undefined;
    }
    const near = nearest(param.type, layerTypes.keys());
    this.problems.push({
      ...at,
      message: param.type === '' ? 'the layer has no type' : `unknown layer type '${param.type}'`,
      expected: "one of Caffe's layer types",
      hint: near ? `did you mean '${near}'?` : undefined,
      code: 'unknown-layer-type',
    });
    return undefined;
  }

  private claimTops({ param, bottoms, tops }: Wired, type: LayerType | undefined): void {
    const own = new Set<string>();
    let repeated: Set<string> | undefined;
    tops.forEach((top, i) => {
      const at = () => ({ path: `${param.name} > top`, span: spanOf(param, 'top', i) ?? spanOf(param) });
      if (bottoms[i] === top && !own.has(top)) {
        if (type && !type.inPlace) {
          this.problems.push({
            ...at(),
            message: `${type.type} cannot work in place`,
            expected: 'a top with another name than the bottom',
            code: 'in-place',
          });
        }
      } else if (own.has(top) ? !repeated?.has(top) : this.blobs.has(top)) {
        // A name that a layer gives to many tops is one mistake.
        repeated ??= new Set();
        repeated.add(top);
        this.problems.push({
          ...at(),
          message: `top '${top}' is already made by another layer`,
          expected: 'a name of its own; only an in-place layer repeats its bottom',
          hint: bottoms[i]?.startsWith(`${top}_`)
            ? `'${top}' has other consumers too: do not compute it in place`
            : undefined,
          code: 'duplicate-top',
        });
      }
      own.add(top);
    });
  }

  private setUp(
    wired: Wired,
    type: LayerType,
    bottomBlobs: readonly (BuiltBlob | undefined)[],
    tops: readonly string[],
    topBlobs: readonly BuiltBlob[],
  ): Shape[] | undefined {
    const { param } = wired;
    const bottoms = bottomBlobs.map((blob) => blob?.shape);
    const known = !bottoms.includes(undefined);
    const countsFit = wired.inserted || checkArity(type, param, tops.length, this.problems);
    const context = this.context(param);
    let layer: Layer;
    let shapes: Shape[] | undefined;
    try {
      layer = type.create(param, context);
      if (!known || !countsFit || !checkAxes(param, bottoms as Shape[], this.problems)) return undefined;
      shapes = layer.reshape(bottoms as Shape[]);
      shapes.forEach((shape, i) => {
        checkSize('top', tops[i]!, shape);
      });
      for (const spec of layer.params) {
        checkSize('parameter', spec.name, spec.shape);
        refuseFiller(param, spec);
      }
    } catch (error) {
      this.problems.push(...layerProblems(error, param));
      return undefined;
    }
    const lossWeights = this.lossWeights(wired, type, tops.length);
    if (param.param.length > layer.params.length) {
      this.problems.push({
        message: `${param.param.length} param settings for a layer with ${layer.params.length} parameter blobs`,
        path: `${param.name} > param`,
        span: spanOf(param, 'param', layer.params.length),
        code: 'too-many-params',
      });
    }
    const first = layer.params.map((spec, slot) => this.params.add(this.placed.length, param, slot, spec));
    this.placed.push({
      wired,
      type,
      layer,
      random: context.random,
      bottoms: wired.bottoms,
      tops,
      bottomBlobs: bottomBlobs as readonly BuiltBlob[],
      topBlobs,
      params: first,
      lossWeights,
      asked: wired.inserted ? [] : param.propagate_down,
      hasBackward: layer.backward !== undefined,
      paramPropagate: layer.params.map(
        (s, j) => (param.param[j] && isSet(param.param[j], 'lr_mult') ? param.param[j].lr_mult : (s.lrMult ?? 1)) !== 0,
      ),
      propagateDown: [],
      needBackward: false,
    });
    return shapes;
  }

  private lossWeights({ param, lossWeights }: Wired, type: LayerType, tops: number): number[] {
    const given = lossWeights.length === 0 && type.isLoss ? [1] : lossWeights;
    if (given.length > 0 && given.length !== tops) {
      this.problems.push({
        message: `loss_weight is given ${lossWeights.length} times for ${tops} tops`,
        expected: 'none, or one for each top',
        hint:
          lossWeights.length === 0 ? 'a loss layer with a second top needs loss_weight: 1 loss_weight: 0' : undefined,
        path: `${param.name} > loss_weight`,
        span: spanOf(param, 'loss_weight', 0) ?? spanOf(param, 'type'),
        code: 'loss-weight',
      });
    }
    const weights: number[] = new Array(tops).fill(0);
    for (let i = 0; i < Math.min(tops, given.length); i++) weights[i] = given[i]!;
    return weights;
  }
}

function refuseFiller(param: LayerParameter, { filler, shape }: ParamSpec): void {
  try {
    checkFiller(filler, shape);
  } catch {
    checkFiller(filler, shape, fillerPath(param, filler));
  }
}

/** Where a filler stands in its layer, e.g. `convolution_param > weight_filler`. */
function fillerPath(param: LayerParameter, filler: unknown): string | undefined {
  for (const [field, settings] of Object.entries(param)) {
    if (typeof settings !== 'object' || settings === null) continue;
    for (const [name, value] of Object.entries(settings)) if (filler && value === filler) return `${field} > ${name}`;
  }
  return undefined;
}

const automaticName = (wired: Wired, slot: number) => `${wired.name}(automatic ${slot})`;

function checkSize(kind: string, name: string, shape: Shape): void {
  let count = 1;
  for (const d of shape) {
    count *= d;
    if (Number.isSafeInteger(d) && d >= 0 && count <= MAX_BLOB_ELEMENTS) continue;
    const what = `${kind} '${name}'`;
    throw new CremaError('input', {
      message:
        d < 0 ? `${what} would have the size ${d}: [${shape.join(' ')}]` : `${what} [${shape.join(' ')}] is too large`,
      expected: d < 0 ? 'sizes ≥ 0' : `at most ${MAX_BLOB_ELEMENTS} elements`,
      hint: 'check kernel, stride, num_output and batch size',
      code: d < 0 ? 'negative-size' : 'size-overflow',
    });
  }
}
