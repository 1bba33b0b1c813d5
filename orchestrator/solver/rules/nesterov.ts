import { updateNesterov } from '../../math/index.ts';
import type { UpdateRule } from './rule.ts';

/** Nesterov's accelerated gradient (Sutskever et al., ICML 2013, in the form that keeps the looked-ahead weights). */
export const nesterov: UpdateRule = {
  type: 'Nesterov',
  historySets: 1,
  idleAtZeroRate: true,
  update: (s, { weight, diff, history, regularisation, rate }) =>
    updateNesterov(weight, diff, history[0]!, regularisation, rate, s.momentum),
};
