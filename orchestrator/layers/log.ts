import { inputError } from '../core/index.ts';
import { logBackward, logForward } from '../math/elementwise.ts';
import { create } from '../proto/index.ts';
import { neuronType } from './neuron.ts';

/** Natural logarithm of a base setting, where -1 stands for e. */
export function logarithmOf(base: number, path: string): number {
  if (base === -1) return 1;
  if (base > 0) return Math.log(base);
  throw inputError({ message: `base ${base}`, path, expected: 'a number > 0, or -1 for e', code: 'bad-base' });
}

/** y = log_base(scale · x + shift); base -1 means e. */
export const logLayer = neuronType('Log', { keeps: 'input' }, (param) => {
  const { base, scale, shift } = param.log_param ?? create('LogParameter');
  const outer = 1 / logarithmOf(base, 'log_param > base');
  return {
    unbounded: true,
    forward: (n, x, y) => logForward(n, x, y, scale, shift, outer),
    backward: (n, x, dy, dx) => logBackward(n, x, dy, dx, scale, shift, outer),
  };
});
