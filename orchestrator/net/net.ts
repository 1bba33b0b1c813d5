import type { Shape } from '../blob/index.ts';
import type { RandomStream } from '../core/index.ts';
import type { Layer, LayerType, Phase } from '../layers/index.ts';
import type { FillerParameter, LayerParameter, NetParameter } from '../proto/index.ts';

/**
 * A blob of the net. Its id is Caffe's blob name; an in-place layer has the id of its bottom as its top, so one id is one
 * piece of memory over time. Splits give each blob at most one consumer besides its in-place writers.
 */
export interface NetBlob {
  readonly id: string;
  readonly shape: Shape;
  /** Layer that makes it. */
  readonly producer: number;
  /** Every layer with this blob among its tops, in order: the producer, then in-place layers. */
  readonly writers: readonly number[];
  /** Every layer with this blob among its bottoms, in order, in-place layers included. */
  readonly readers: readonly number[];
  /** False for tops of inserted splits and for tops the text does not name. */
  readonly named: boolean;
  /** Somebody below wants its gradient: its diff must exist in a training step. */
  readonly needsDiff: boolean;
}

/** One parameter blob of one layer. */
export interface NetParam {
  /** Index in `net.params`. */
  readonly index: number;
  /** `layer[slot]`. */
  readonly key: string;
  /** Layer index and position among its params. */
  readonly layer: number;
  readonly slot: number;
  readonly shape: Shape;
  /** The name given by `param { name }`, empty where none. */
  readonly name: string;
  /** Index of the param that owns the memory; its own index where it is not shared. */
  readonly owner: number;
  /** The owner's key where the memory belongs to another layer. */
  readonly sharedWith?: string | undefined;
  /** Undefined fills with zeros. */
  readonly filler?: FillerParameter | undefined;
  readonly lrMult: number;
  readonly decayMult: number;
  /** It owns its memory: Caffe's `learnable_params`, those with lr_mult 0 included. */
  readonly learnable: boolean;
}

/** A layer in its place. Arrays run parallel to `bottoms`, `tops` and `params`. */
export interface NetLayer {
  readonly index: number;
  readonly name: string;
  readonly type: LayerType;
  readonly layer: Layer;
  /** The layer's random stream; its position is state that a snapshot keeps. */
  readonly random: RandomStream;
  readonly param: LayerParameter;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  /** Indices into `net.params`. */
  readonly params: readonly number[];
  /** Bottom i gets a gradient in backward. */
  readonly propagateDown: readonly boolean[];
  /** Param j gets a gradient in backward (lr_mult is not 0). */
  readonly paramPropagate: readonly boolean[];
  /** Backward runs this layer. */
  readonly needBackward: boolean;
  /** 0 where the top is no loss. */
  readonly lossWeights: readonly number[];
  /** Split put in by the net, not by the text. */
  readonly inserted: boolean;
  /** Multiply-accumulates of one forward pass of the whole batch (convolutions and inner products), bias left out. */
  readonly macs: number;
}

/** An immutable graph with shapes; it owns no blob memory. `layers` is in execution order. */
export interface Net {
  readonly name: string;
  readonly phase: Phase;
  readonly file: string;
  readonly layers: readonly NetLayer[];
  readonly blobs: ReadonlyMap<string, NetBlob>;
  readonly params: readonly NetParam[];
  /** Indices of params with `learnable`, in Caffe's order: the order of history blobs. */
  readonly learnable: readonly number[];
  /** Blobs nobody consumes, in the order Caffe prints them. */
  readonly outputs: readonly string[];
  /** Images of one forward pass: the first axis of the first top of the first source, or 1. */
  readonly batch: number;
  readonly forceBackward: boolean;
  readonly debugInfo: boolean;
  /** The net after upgrades and filtering, before splits. */
  readonly text: NetParameter;
}

export interface NetOptions {
  readonly phase: Phase;
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
  /** Name for messages and the folder from which relative paths also resolve. */
  readonly file?: string | undefined;
  readonly seed?: number | undefined;
  /** C, H, W of a record where sources must not be opened. */
  readonly record?: readonly [number, number, number] | undefined;
}

/** Ends workers and closes files of the net's layers. */
export function closeNet(net: Net): void {
  for (const { layer } of net.layers) layer.close?.();
}
