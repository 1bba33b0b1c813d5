import type { LayerParameter, StoredBlob } from '../proto/index.ts';

/** One blob of a weights file or a history. */
export type WeightBlob = StoredBlob;

export interface LayerBlobs {
  readonly name: string;
  readonly type: string;
  readonly blobs: readonly (WeightBlob | undefined)[];
  /** The layer's text, written beside its blobs in binary files. */
  readonly param?: LayerParameter;
}

/** The learned blobs of a file, by layer; undefined where a shared blob is kept with its owner only (HDF5). */
export interface WeightsFile {
  readonly name: string;
  readonly layers: readonly LayerBlobs[];
}

/** A solver state in Caffe's terms. */
export interface SolverStateFile {
  readonly iter: number;
  readonly learned_net: string;
  readonly current_step: number;
  readonly history: readonly WeightBlob[];
}
