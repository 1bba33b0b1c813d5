import { tanhBackward, tanhForward } from '../math/elementwise.ts';
import { neuronType } from './neuron.ts';

/** y = tanh x */
export const tanhLayer = neuronType('TanH', { keeps: 'output' }, () => ({
  forward: tanhForward,
  backward: tanhBackward,
}));
