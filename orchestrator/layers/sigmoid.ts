import { sigmoidBackward, sigmoidForward } from '../math/elementwise.ts';
import { neuronType } from './neuron.ts';

/** y = 1 / (1 + e^-x) */
export const sigmoidLayer = neuronType('Sigmoid', { keeps: 'output' }, () => ({
  forward: sigmoidForward,
  backward: sigmoidBackward,
}));
