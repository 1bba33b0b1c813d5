import { affine, powerBackward, powerForward } from '../math/elementwise.ts';
import { scaleInto } from '../math/eltwise.ts';
import { create } from '../proto/index.ts';
import { neuronType } from './neuron.ts';

/** y = (scale · x + shift)^power; a constant where power or scale is 0. */
export const powerLayer = neuronType('Power', { keeps: 'input' }, (param) => {
  const { power, scale, shift } = param.power_param ?? create('PowerParameter');
  if (power === 0 || scale === 0) {
    const value = power === 0 ? 1 : shift ** power;
    return { forward: (n, _, y) => y.fill(value, 0, n), backward: (n, _x, _dy, dx) => dx.fill(0, 0, n) };
  }
  if (power === 1) {
    return {
      forward: (n, x, y) => affine(n, x, y, scale, shift),
      backward: (n, _, dy, dx) => scaleInto(n, scale, dy, dx),
    };
  }
  return {
    unbounded: true,
    forward: (n, x, y) => powerForward(n, x, y, power, scale, shift),
    backward: (n, x, dy, dx) => powerBackward(n, x, dy, dx, power, scale, shift),
  };
});
