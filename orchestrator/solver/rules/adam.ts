import { updateAdam } from '../../math/index.ts';
import type { UpdateRule } from './rule.ts';

const f = Math.fround;

/** Kingma and Ba, arXiv:1412.6980, algorithm 1; `delta` is its epsilon, added after the square root. */
export const adam: UpdateRule = {
  type: 'Adam',
  historySets: 2,
  update: (s, { weight, diff, history, regularisation, rate, iteration }) => {
    const t = iteration + 1;
    const correction = f(f(Math.sqrt(f(1 - f(s.momentum2 ** t)))) / f(1 - f(s.momentum ** t)));
    const step = f(rate * correction);
    updateAdam(weight, diff, history[0]!, history[1]!, regularisation, step, s.delta, s.momentum, s.momentum2);
  },
};
