import { thresholdForward } from '../math/elementwise.ts';
import { create } from '../proto/index.ts';
import { neuronType } from './neuron.ts';

/** y = 1 where x > threshold, else 0. No gradient. */
export const thresholdLayer = neuronType('Threshold', { keeps: 'output' }, (param) => {
  const { threshold } = param.threshold_param ?? create('ThresholdParameter');
  return { forward: (n, x, y) => thresholdForward(n, x, y, threshold) };
});
