/** One blob of a weights file or a history. */
export interface WeightBlob {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The learned blobs of a file, by layer; undefined where a shared blob is kept with its owner only (HDF5). */
export interface WeightsFile {
  readonly name: string;
  readonly layers: readonly {
    readonly name: string;
    readonly type: string;
    readonly blobs: readonly (WeightBlob | undefined)[];
  }[];
}

/** A solver state in Caffe's terms. */
export interface SolverStateFile {
  readonly iter: number;
  readonly learned_net: string;
  readonly current_step: number;
  readonly history: readonly WeightBlob[];
}
