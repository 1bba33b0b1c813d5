import { absBackward, absForward } from '../math/elementwise.ts';
import { neuronType } from './neuron.ts';

/** y = |x|; not in place, as in Caffe. */
export const absvalLayer = neuronType('AbsVal', { keeps: 'input', inPlace: false }, () => ({
  forward: absForward,
  backward: absBackward,
}));
