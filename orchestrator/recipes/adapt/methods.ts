import { type FeatureTable, hits, maskOf, predict, priorShift } from '../../adapt/index.ts';
import type { Head, HeadWeights } from './head.ts';

/**
 * What is compared. `none`: the shipped head. `mask`: its scores outside the classes met ruled out. `prior`: its scores
 * corrected for the shares met. `generated`: the head trained on the generator's features. `source`: trained on stored features of
 * the real source. `labelled`: trained on the stream with its labels, the upper bound.
 */
export const METHODS = ['none', 'mask', 'prior', 'generated', 'source', 'labelled'] as const;
export type Method = (typeof METHODS)[number];

/** Share of records a method gets right; a method that is not there is left out. */
export type Accuracies = Partial<Record<Method, number>>;

/** What the last adaptation left behind; undefined while the shipped head serves. */
export interface Adapted {
  readonly active: readonly number[];
  readonly shares: readonly number[];
  readonly heads: Readonly<Record<string, HeadWeights>>;
}

/** Half a record among this many: shares below it are not told from none. */
const LEAST_SHARE = 1e-3;

/** Scores every method on the same records. Before an adaptation they all are the shipped head. */
export function accuracies(
  head: Head,
  table: FeatureTable,
  adapted: Adapted | undefined,
  sourceShares: ArrayLike<number>,
  labelled: HeadWeights | undefined,
  trueClasses: readonly number[],
  compareSource: boolean,
): Accuracies {
  const { classes } = table;
  const shipped = head.scores(head.shipped, table.features);
  const share = (scores: Float32Array, shift?: Float32Array) =>
    hits(predict(scores, classes, shift), table.labels) / table.count;
  const none = share(shipped);
  const result: Accuracies = { none };
  const mask = adapted && maskOf(adapted.active, classes);
  result.mask = mask ? share(shipped, mask) : none;
  result.prior = adapted ? share(shipped, priorShift(adapted.shares, sourceShares, LEAST_SHARE)) : none;
  for (const method of ['generated', 'source'] as const) {
    const weights = adapted?.heads[method];
    if (weights) result[method] = share(head.scores(weights, table.features), mask);
    else if (!adapted && (method === 'generated' || compareSource)) result[method] = none;
  }
  if (labelled) result.labelled = share(head.scores(labelled, table.features), maskOf(trueClasses, classes));
  return result;
}
