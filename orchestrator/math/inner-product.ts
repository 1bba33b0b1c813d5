import { hostFunction } from './host.ts';

type Values = Float32Array;

/** y[batch][outputs] = x[batch][inputs] · W + bias (or null). W is [outputs][inputs], or [inputs][outputs] if `transpose` is 1. */
export const innerProductForward = hostFunction('crema_inner_product_forward', [
  'pointer',
  'pointer',
  'pointer',
  'pointer',
  'i64',
  'i64',
  'i64',
  'i32',
]) as (
  x: Values,
  weights: Values,
  bias: Values | null,
  y: Values,
  batch: number,
  inputs: number,
  outputs: number,
  transpose: number,
) => void;

type Backward = (
  a: Values,
  b: Values,
  result: Values,
  batch: number,
  inputs: number,
  outputs: number,
  transpose: number,
) => void;
const backward = (name: string) =>
  hostFunction(`crema_inner_product_${name}`, [
    'pointer',
    'pointer',
    'pointer',
    'i64',
    'i64',
    'i64',
    'i32',
  ]) as Backward;

/** (dy, W, dx): dx written. */
export const innerProductBackwardData = backward('backward_data');
/** (x, dy, dW): dW added to. */
export const innerProductBackwardWeights = backward('backward_weights');

/** y[i] = table[index[i]] + bias (or null). */
export const embedForward = hostFunction('crema_embed_forward', [
  'pointer',
  'pointer',
  'pointer',
  'pointer',
  'i64',
  'i64',
]) as (index: Values, table: Values, bias: Values | null, y: Values, count: number, outputs: number) => void;

/** tableDiff[index[i]] += dy[i]. */
export const embedBackward = hostFunction('crema_embed_backward', ['pointer', 'pointer', 'pointer', 'i64', 'i64']) as (
  index: Values,
  dy: Values,
  tableDiff: Values,
  count: number,
  outputs: number,
) => void;
