import { bnllBackward, bnllForward } from '../math/elementwise.ts';
import { neuronType } from './neuron.ts';

/** Binomial normal log likelihood: y = ln(1 + e^x) */
export const bnllLayer = neuronType('BNLL', { keeps: 'input' }, () => ({
  forward: bnllForward,
  backward: bnllBackward,
}));
