import { updateAdaGrad } from '../../math/index.ts';
import type { UpdateRule } from './rule.ts';

/** Duchi, Hazan and Singer, JMLR 12 (2011). */
export const adaGrad: UpdateRule = {
  type: 'AdaGrad',
  historySets: 1,
  check: (s) => (s.momentum === 0 ? undefined : { field: 'momentum', expected: 'no momentum with AdaGrad' }),
  update: (s, { weight, diff, history, regularisation, rate }) =>
    updateAdaGrad(weight, diff, history[0]!, regularisation, rate, s.delta),
};
