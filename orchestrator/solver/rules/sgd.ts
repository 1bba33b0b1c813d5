import { updateSgd } from '../../math/index.ts';
import type { UpdateRule } from './rule.ts';

/** Stochastic gradient descent with momentum. */
export const sgd: UpdateRule = {
  type: 'SGD',
  historySets: 1,
  idleAtZeroRate: true,
  update: (s, { weight, diff, history, regularisation, rate }) =>
    updateSgd(weight, diff, history[0]!, regularisation, rate, s.momentum),
};
