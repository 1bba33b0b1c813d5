import { updateRmsProp } from '../../math/index.ts';
import type { UpdateRule } from './rule.ts';

/** Tieleman and Hinton, Coursera lecture 6.5 (2012). */
export const rmsProp: UpdateRule = {
  type: 'RMSProp',
  historySets: 1,
  check: (s) => {
    if (s.momentum !== 0) return { field: 'momentum', expected: 'no momentum with RMSProp' };
    if (!(s.rms_decay >= 0 && s.rms_decay < 1)) return { field: 'rms_decay', expected: 'rms_decay in [0, 1)' };
    return undefined;
  },
  update: (s, { weight, diff, history, regularisation, rate }) =>
    updateRmsProp(weight, diff, history[0]!, regularisation, rate, s.delta, s.rms_decay),
};
