import { RandomStream } from '../../core/index.ts';
import type { PolicyState, PrecisionPolicy } from '../policy.ts';
import type { PolicyType } from './policy-type.ts';

/** Level k + 1 begins with epoch `epochs[k]` (ascending, counted from 0). */
export function schedulePolicy(epochs: readonly number[], name = 'schedule'): PrecisionPolicy {
  return {
    name,
    levels: epochs.length + 1,
    start: (): PolicyState => ({ level: 0, since: 0 }),
    observe(state, { epoch }) {
      const level = Math.max(state.level, epochs.filter((begin) => begin <= epoch + 1).length);
      const switched = level > state.level;
      const next = epochs[level];
      const reason = next === undefined ? 'the last level' : `the next level begins with epoch ${next}`;
      const decision = { epoch, level, switched, reason };
      return { state: switched ? { level, since: epoch + 1 } : state, decision };
    },
  };
}

/** `count` different epochs from 1 to `before` - 1, ascending: a pure function of the seed. */
export function randomEpochs(count: number, before: number, seed: number): number[] {
  const all = Array.from({ length: Math.max(0, before - 1) }, (_, i) => i + 1);
  return new RandomStream(seed, 'precision/random')
    .shuffle(all)
    .slice(0, count)
    .sort((a, b) => a - b);
}

export const schedule: PolicyType = {
  name: 'schedule',
  options: ['epochs'],
  make(levels, { epochs = [] }, _seed, refuse) {
    const ascending = epochs.every((e, i) => e > (epochs[i - 1] ?? 0));
    if (epochs.length !== levels - 1 || !ascending) {
      throw refuse('epochs', `[${epochs.join(', ')}] for ${levels} levels`, `${levels - 1} ascending epochs from 1`);
    }
    return schedulePolicy(epochs);
  },
};

/** The control of MuPPET: the same ladder, switched at random. */
export const random: PolicyType = {
  name: 'random',
  options: ['before'],
  make(levels, { before }, seed, refuse) {
    if (before === undefined || before < levels) {
      throw refuse(
        'before',
        `${before ?? 'nothing'} for ${levels} levels`,
        `an epoch from ${levels} on; all switches fall before it`,
      );
    }
    return schedulePolicy(randomEpochs(levels - 1, before, seed), 'random');
  },
};
