import { updateAdaDelta } from '../../math/index.ts';
import type { UpdateRule } from './rule.ts';

/** Zeiler, arXiv:1212.5701. `momentum` is the decay of both running means. */
export const adaDelta: UpdateRule = {
  type: 'AdaDelta',
  historySets: 2,
  update: (s, { weight, diff, history, regularisation, rate }) =>
    updateAdaDelta(weight, diff, history[0]!, history[1]!, regularisation, rate, s.delta, s.momentum),
};
