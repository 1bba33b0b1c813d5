import { clipBackward, clipForward } from '../math/elementwise.ts';
import { create } from '../proto/index.ts';
import { neuronType } from './neuron.ts';

/** y = x held between min and max; the gradient passes where min ≤ x ≤ max. */
export const clipLayer = neuronType('Clip', { keeps: 'input' }, (param) => {
  const { min, max } = param.clip_param ?? create('ClipParameter');
  return {
    forward: (n, x, y) => clipForward(n, x, y, min, max),
    backward: (n, x, dy, dx) => clipBackward(n, x, dy, dx, min, max),
  };
});
