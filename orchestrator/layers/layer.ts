import type { Blob, Shape } from '../blob/index.ts';
import type { RandomStream } from '../core/index.ts';
import type { LayerParameter } from '../proto/index.ts';

export type Phase = 'TRAIN' | 'TEST';

/** How many bottoms or tops a layer takes. */
export interface Arity {
  readonly min: number;
  readonly max: number;
}

/** A learned blob as its layer asks for it. `filler` is the layer's FillerParameter, or undefined for zeros. */
export interface ParamSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly filler?: import('../proto/index.ts').FillerParameter | undefined;
  /** Default lr_mult where the text gives none (BatchNorm's statistics: 0). */
  readonly lrMult?: number;
  readonly decayMult?: number;
}

/** What a layer may use of its surroundings. Making one touches no file, no native library and no device. */
export interface LayerContext {
  readonly phase: Phase;
  /** Counter-based stream of this layer for random masks; a function of (seed, layer name, phase). */
  readonly random: RandomStream;
  /** Resolves a path of the text: as given from the working directory (Caffe's rule), else from the prototxt's folder. */
  resolve(path: string): string;
  /** Shape [C, H, W] of a record where the text holds none and the source must not be opened (`inspect --record`). */
  readonly assumedRecord?: readonly [number, number, number] | undefined;
  /** Number of loss terms divided over ranks etc.; reserved for the solver. */
  readonly deviceCount?: number;
}

/**
 * One layer of a net. `reshape` is pure; `forward` and `backward` run on the host and are the truth that kernels are
 * compared with. Gradients with respect to bottoms are written (not added); gradients of params are ADDED to param.diff.
 */
export interface Layer {
  /** Shapes of the tops for these bottoms. Throws an input CremaError with a message in words where they do not fit. */
  reshape(bottoms: readonly Shape[]): Shape[];
  /** Learned blobs, valid after the first reshape. One list, filled anew: an accessor would cost more than the rest of a small layer. */
  readonly params: readonly ParamSpec[];
  /** `keep`: a backward may follow (the default), so what it needs must outlive this call. */
  forward(bottoms: readonly Blob[], tops: readonly Blob[], params: readonly Blob[], keep?: boolean): void;
  /** Only called where the layer has a gradient. `propagate[i]`: bottom i wants one; `paramPropagate[j]`: param j does. */
  backward?(
    tops: readonly Blob[],
    propagate: readonly boolean[],
    bottoms: readonly Blob[],
    params: readonly Blob[],
    paramPropagate: readonly boolean[],
  ): void;
  /** State that a snapshot must carry (data cursor, random position). Plain JSON. */
  saveState?(): unknown;
  loadState?(state: unknown): void;
  /** Sources: records in one pass over the set (an epoch), or undefined where that is unknown. */
  epochRecords?(): number | undefined;
  /** Shapes of the tops of the last forward where they depend on values (`resizesTops`): the rows of `reshape` beyond them are zeros. */
  readonly lastShapes?: readonly Shape[];
  /** Bytes of private buffers alive (pool masks, column buffers): counted as memory. */
  privateBytes?(): number;
  /** Ends workers and closes files. */
  close?(): void;
}

/** Values that a backward pass reads of a layer's bottoms and tops; true where it is not said. */
export interface BackwardReads {
  readonly bottoms?: boolean;
  readonly tops?: boolean;
}

/** How a plan uses a layer. `stored` counts elements in memory, padding lanes included. */
export interface LayerUse {
  readonly bottoms: readonly { readonly shape: Shape; readonly stored: number }[];
  readonly tops: readonly { readonly shape: Shape; readonly stored: number }[];
  readonly phase: Phase;
  /** Top 0 is the memory of bottom 0. */
  readonly inPlace: boolean;
  /** A backward pass runs the layer. */
  readonly backward: boolean;
}

export interface LayerType {
  /** The prototxt's `type`. */
  readonly type: string;
  readonly bottoms: Arity;
  readonly tops: Arity;
  /** `any`: forward and backward take blocked blobs (all bottoms and tops in ONE layout). `nchw`: the planner reorders first. */
  readonly layouts: 'any' | 'nchw';
  /** Where blocked blobs are fine for some axes only: the answer for these bottoms. Stands above `layouts`, which then is the worst case. */
  layoutsFor?(param: LayerParameter, bottoms: readonly Shape[]): 'any' | 'nchw';
  /** Tops that are the same memory as bottom 0 under another shape (Split, Flatten, Reshape; Caffe's ShareData). */
  readonly sharesData?: boolean;
  /** Loss layers: default loss_weight 1 on top 0, and a backward from it. */
  readonly isLoss?: boolean;
  /** Bottom indices that may never ask for a gradient (labels): force_backward and propagate_down are refused there. */
  readonly noGradientBottoms?: readonly number[];
  /** Tops missing from the text are made by the net (loss layers: one anonymous top). */
  readonly autoTops?: boolean;
  /** Bottoms and tops must be equal in number (neuron-wise layers such as EltwiseConcat families). */
  readonly equalBottomsAndTops?: boolean;
  /** How many rows the tops have depends on values: `lastShapes` tells after each forward. Layers behind it are reshaped then. */
  readonly resizesTops?: boolean;
  /** The layer may run with a top that is its bottom 0. */
  readonly inPlace?: boolean;
  /** What backward reads, so that memory can be freed earlier; default: everything. */
  readonly backwardReads?: BackwardReads | ((param: LayerParameter, inPlace: boolean) => BackwardReads);
  /** Bytes that `privateBytes` will come to in a step; default: none. */
  plannedBytes?(param: LayerParameter, use: LayerUse): number;
  /** Forward changes the layer's params (BatchNorm's running statistics). */
  readonly writesParams?: boolean;
  /** `source`: feeds data and has no bottoms; forward then advances its cursor. */
  readonly isSource?: boolean;
  create(param: LayerParameter, context: LayerContext): Layer;
}
