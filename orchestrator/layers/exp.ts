import { expBackward, expForward } from '../math/elementwise.ts';
import { create } from '../proto/index.ts';
import { logarithmOf } from './log.ts';
import { neuronType } from './neuron.ts';

/** y = base^(scale · x + shift); base -1 means e. */
export const expLayer = neuronType('Exp', { keeps: 'output' }, (param) => {
  const { base, scale, shift } = param.exp_param ?? create('ExpParameter');
  const ln = logarithmOf(base, 'exp_param > base');
  const inner = ln * scale;
  const outer = Math.exp(ln * shift);
  return {
    unbounded: true,
    forward: (n, x, y) => expForward(n, x, y, inner, outer),
    backward: (n, y, dy, dx) => expBackward(n, y, dy, dx, inner),
  };
});
