import type { Regularisation } from '../../math/index.ts';
import type { SolverParameter } from '../../proto/index.ts';

/** What one update of one parameter blob works with; every array has the blob's length. */
export interface UpdateStep {
  readonly weight: Float32Array;
  readonly diff: Float32Array;
  /** The blob's history, one array per set. */
  readonly history: readonly Float32Array[];
  readonly regularisation: Regularisation;
  /** Learning rate times the blob's lr_mult. */
  readonly rate: number;
  /** Number of updates done before this one. */
  readonly iteration: number;
}

/** One way of turning gradients into steps. Its pass over a blob runs in C++. */
export interface UpdateRule {
  /** The prototxt's `type`. */
  readonly type: string;
  /** Sets of history blobs in a solver state: 1, or 2 for Adam and AdaDelta. */
  readonly historySets: 1 | 2;
  /** At rate 0 and with a history of zeros the update changes nothing: such blobs (frozen ones, statistics) are left out. */
  readonly idleAtZeroRate?: boolean;
  /** Why these settings do not fit the rule: field and expectation. */
  check?(solver: SolverParameter): { field: keyof SolverParameter & string; expected: string } | undefined;
  update(solver: SolverParameter, step: UpdateStep): void;
}
