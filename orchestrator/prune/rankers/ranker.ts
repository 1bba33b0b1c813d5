import type { Values } from '../filters.ts';
import type { ChannelGraph, Producer } from '../graph.ts';

/** What rankers may look at. */
export interface Evidence {
  readonly graph: ChannelGraph;
  readonly weights: Values;
  readonly seed: number;
  /** Mean over mini-batches of the squared derivative of the loss by a factor on each output, by layer (TaylorEvidence). */
  readonly sensitivity?: ReadonlyMap<string, Float64Array> | undefined;
}

/** Says how much each filter matters. Scores of all layers stand in one list, the least goes first. */
export interface Ranker {
  readonly name: string;
  readonly needsGradients: boolean;
  /** One finite score for each output of a layer. */
  score(producer: Producer, evidence: Evidence): Float64Array;
}
