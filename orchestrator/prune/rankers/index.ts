import { nearest, usageError } from '../../core/index.ts';
import { l2 } from './l2.ts';
import { meanAbs } from './mean-abs.ts';
import { random } from './random.ts';
import type { Ranker } from './ranker.ts';
import { taylor } from './taylor.ts';

export type { Evidence, Ranker } from './ranker.ts';
export { TaylorEvidence } from './taylor.ts';

/** Every ranker, by name. A new one: one file and one line here. */
export const rankers: ReadonlyMap<string, Ranker> = new Map(
  [meanAbs, l2, taylor, random].map((ranker) => [ranker.name, ranker]),
);

export function rankerNamed(name: string): Ranker {
  const ranker = rankers.get(name);
  if (ranker) return ranker;
  const near = nearest(name, rankers.keys());
  throw usageError({
    message: `there is no ranker '${name}'`,
    expected: [...rankers.keys()].join(', '),
    ...(near ? { hint: `did you mean '${near}'?` } : {}),
    code: 'unknown-ranker',
  });
}
