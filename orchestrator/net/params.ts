import type { Blob } from '../blob/index.ts';
import type { Net } from './net.ts';

/** The parameters of a net, row-major; `blobs[i]` belongs to `net.params[i]`. Shared params share their tensors. */
export interface ParamSet {
  readonly net: Net;
  readonly blobs: readonly Blob[];
}
