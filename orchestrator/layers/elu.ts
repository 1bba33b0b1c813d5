import { eluBackward, eluForward } from '../math/elementwise.ts';
import { create } from '../proto/index.ts';
import { neuronType } from './neuron.ts';

/** y = x where x > 0, else alpha · (e^x - 1). Clevert, Unterthiner, Hochreiter, ICLR 2016. */
export const eluLayer = neuronType('ELU', { keeps: 'input' }, (param) => {
  const { alpha } = param.elu_param ?? create('ELUParameter');
  return {
    forward: (n, x, y) => eluForward(n, x, y, alpha),
    backward: (n, x, dy, dx) => eluBackward(n, x, dy, dx, alpha),
  };
});
