import type { Blob } from '../blob/index.ts';
import type { Net, ParamSet } from '../net/index.ts';

/** A blob nobody in the net consumes: what Caffe prints as an output. */
export interface NetOutput {
  readonly blob: string;
  readonly values: Float32Array;
  readonly lossWeight: number;
}

/** A net that runs: memory and steps of one Plan. The solver drives it and never sees where a layer runs. */
export interface Execution {
  readonly net: Net;
  readonly params: ParamSet;
  /** Number of the next forward pass: what stochastic rounding draws depends on it. Counts by itself from where it is set. */
  pass: number;
  /** One forward pass; returns the weighted sum of the losses. */
  forward(): number;
  /** One backward pass after a forward. Gradients of params are added to their diffs, or overwrite them where `accumulate` is false. */
  backward(accumulate: boolean): void;
  /** Makes the host's param diffs valid. */
  collectGradients(): void;
  /** Says that the host changed the parameters, so that copies elsewhere are stale. */
  parametersChanged(): void;
  outputs(): NetOutput[];
  /** A blob of the net with valid host data in row-major order (a copy where the plan keeps another layout). */
  blob(name: string): Blob;
  /** What the next pass depends on beside parameters and `pass` (delayed exponents), as plain JSON; undefined where nothing. */
  saveState?(): unknown;
  loadState?(state: unknown): void;
  close(): void;
}
