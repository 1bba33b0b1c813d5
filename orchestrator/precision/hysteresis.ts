import type { PolicyState, PrecisionPolicy } from './policy.ts';

/** What levels cost on a board, so that a switch which does not pay can be left out. Figures are modelled. */
export interface LevelCosts {
  readonly secondsPerEpoch: readonly number[];
  /** The bitstream of each level; a switch between equal names reloads nothing. */
  readonly images: readonly string[];
  readonly reloadSeconds: number;
  /** Epochs that a level is sure to last. */
  readonly minimumStay: number;
}

/**
 * The level to take instead of `wanted`: a level whose stay saves less time against the one above it than the additional reload
 * takes is passed over. The last level always serves.
 */
export function payingLevel(from: number, wanted: number, costs: LevelCosts): number {
  const { images, reloadSeconds, secondsPerEpoch, minimumStay } = costs;
  const reload = (a: number, b: number) => (images[a] === images[b] ? 0 : reloadSeconds);
  let level = wanted;
  while (level < images.length - 1) {
    const saved = (secondsPerEpoch[level + 1]! - secondsPerEpoch[level]!) * minimumStay;
    const additional = reload(from, level) + reload(level, level + 1) - reload(from, level + 1);
    if (saved > additional || additional <= 0) break;
    level++;
  }
  return level;
}

/** A policy that passes over levels which do not pay for their reload. */
export function withHysteresis<S extends PolicyState>(
  policy: PrecisionPolicy<S>,
  costs: LevelCosts,
): PrecisionPolicy<S> {
  return {
    ...policy,
    observe(state, summary) {
      const answer = policy.observe(state, summary);
      if (!answer.decision.switched) return answer;
      const wanted = answer.decision.level;
      const level = payingLevel(state.level, wanted, costs);
      if (level === wanted) return answer;
      const reason = `${answer.decision.reason}; level ${wanted} would not pay for its reload of ${costs.reloadSeconds} s (modelled)`;
      return { state: { ...answer.state, level }, decision: { ...answer.decision, level, reason } };
    },
  };
}
