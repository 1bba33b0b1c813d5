import type { Layout, Shape } from '../blob/index.ts';
import type { WordLengths } from '../precision/index.ts';

export type Place = 'host' | 'fpga';
export type Part = 'data' | 'diff';
export type Pass = 'forward' | 'backward';

/** Where a layer runs, and why: the reason is always printable. */
export interface Placement {
  readonly layer: number;
  readonly place: Place;
  readonly reason: string;
  /** Word lengths of a layer that computes in block floating point; absent: fp32. */
  readonly words?: WordLengths | undefined;
}

/**
 * One version of a blob. An in-place layer makes a new version of its bottom's blob; a reorder makes a shadow of a value
 * in another layout. `slab[part]` says which piece of memory holds it; aliases share a slab.
 */
export interface Value {
  readonly id: number;
  /** Caffe's blob id. */
  readonly blob: string;
  readonly shape: Shape;
  readonly layout: Layout;
  /** Layer and top that make it; a shadow has the producer of its original. */
  readonly producer: number;
  /** The value this one is a reordered copy of. */
  readonly shadowOf?: number | undefined;
  readonly needsDiff: boolean;
}

/** A layer on the host. Values run parallel to the layer's bottoms and tops. */
export interface HostStep {
  readonly kind: 'host';
  readonly layer: number;
  readonly pass: Pass;
  readonly bottoms: readonly number[];
  readonly tops: readonly number[];
  /** Params whose diff this step is the first to touch in a backward pass. */
  readonly firstTouch: readonly number[];
}

export type LaunchPass = 'forward' | 'backward-data' | 'backward-weights';

/** A layer's pass on the card: one launch per compute unit that takes part. */
export interface LaunchStep {
  readonly kind: 'launch';
  readonly layer: number;
  readonly pass: LaunchPass;
  readonly bottom: number;
  readonly top: number;
  /** Indices into net.params; -1 where there is none. */
  readonly weights: number;
  readonly bias: number;
  /** Backward-weights only: this launch is the first to touch the gradient of weights / bias in a backward pass. */
  readonly firstTouch: boolean;
  /** Block floating point; its operands are quantised from, and its results become, float values of any layout. */
  readonly words?: WordLengths | undefined;
}

/** A copy between layouts. */
export interface ReorderStep {
  readonly kind: 'reorder';
  readonly from: number;
  readonly to: number;
  readonly part: Part;
}

/** A diff with one value in every element: the loss weight on a loss, zero where no consumer has a gradient. */
export interface FillStep {
  readonly kind: 'fill';
  readonly value: number;
  readonly constant: number;
}

export type Step = HostStep | LaunchStep | ReorderStep | FillStep;

/** A piece of memory that values use one after another. Elements of float32. */
export interface Slab {
  readonly id: number;
  readonly elements: number;
}

/** Who runs what, where data lies and when it is free: data that can be printed and compared. Nothing mutates it. */
export interface Plan {
  readonly net: string;
  readonly phase: string;
  readonly device?: { readonly board: string; readonly config: string; readonly computeUnits: number } | undefined;
  readonly lanes: number;
  readonly placements: readonly Placement[];
  readonly values: readonly Value[];
  readonly slabs: readonly Slab[];
  /** Slab of each value's data and diff; -1 where it has none. */
  readonly dataSlab: readonly number[];
  readonly diffSlab: readonly number[];
  /** Alias group of each part of each value (index 2·value for data, + 1 for diff): equal numbers are the same elements. */
  readonly group: readonly number[];
  readonly forward: readonly Step[];
  readonly backward: readonly Step[];
  /** Value that holds each blob at the end of the forward pass. */
  readonly finalValue: ReadonlyMap<string, number>;
  /** Bytes of slabs: blobs alive at once. Params, and diffs of those that are trained, are counted apart. */
  readonly blobBytes: number;
  readonly parameterBytes: number;
  /** What layers hold for themselves: masks, copies of what runs in place, states. */
  readonly layerBytes: number;
}
