import { swishBackward, swishForward } from '../math/elementwise.ts';
import { create } from '../proto/index.ts';
import { neuronType } from './neuron.ts';

/** y = x · sigmoid(beta · x) */
export const swishLayer = neuronType('Swish', { keeps: 'input' }, (param) => {
  const { beta } = param.swish_param ?? create('SwishParameter');
  return {
    forward: (n, x, y) => swishForward(n, x, y, beta),
    backward: (n, x, dy, dx) => swishBackward(n, x, dy, dx, beta),
  };
});
