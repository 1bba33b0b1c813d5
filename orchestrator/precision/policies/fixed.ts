import type { PolicyState, PrecisionPolicy } from '../policy.ts';
import type { PolicyType } from './policy-type.ts';

/** One level for ever. */
export function fixedPolicy(): PrecisionPolicy {
  return {
    name: 'fixed',
    levels: 1,
    start: (): PolicyState => ({ level: 0, since: 0 }),
    observe: (state, { epoch }) => ({ state, decision: { epoch, level: 0, switched: false, reason: 'fixed' } }),
  };
}

export const fixed: PolicyType = {
  name: 'fixed',
  options: [],
  ladder: [8],
  make: (levels, _options, _seed, refuse) => {
    if (levels !== 1) throw refuse('ladder', `${levels} levels for the fixed policy`, 'one level, e.g. [8]');
    return fixedPolicy();
  },
};
