import type { Geometry } from '../blob/index.ts';
import type { RandomStream } from '../core/index.ts';
import { geometryArguments, hostFunction } from './host.ts';

/** Two-dimensional pooling: [height, width] pairs. */
export interface PoolGeometry {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number];
  readonly out: readonly [number, number];
}

/** The geometry as the C++ reads it, for a bottom of geometry `g` in any layout. */
export function poolArguments(g: Geometry, pool: PoolGeometry): BigInt64Array {
  geometryArguments(g); // refuses lanes without code
  const numbers = [g.blocks * g.channels, g.lanes, g.height, g.width, ...pool.out, ...pool.kernel, ...pool.stride];
  return BigInt64Array.from([...numbers, ...pool.pad].map(BigInt));
}

type Values = Float32Array;
const pointers = (n: number) => new Array<'pointer'>(n).fill('pointer');

/** index: per output the place h · width + w of its maximum, or -1. */
export const maxPoolForward = hostFunction('crema_max_pool_forward', pointers(4)) as (
  x: Values,
  y: Values,
  index: Int32Array,
  pool: BigInt64Array,
) => void;

export const maxPoolBackward = hostFunction('crema_max_pool_backward', pointers(4)) as (
  index: Int32Array,
  dy: Values,
  dx: Values,
  pool: BigInt64Array,
) => void;

export const indexToFloat = hostFunction('crema_index_to_float', ['pointer', 'pointer', 'i64']) as (
  index: Int32Array,
  mask: Values,
  count: number,
) => void;

export const averagePoolForward = hostFunction('crema_average_pool_forward', pointers(3)) as (
  x: Values,
  y: Values,
  pool: BigInt64Array,
) => void;

export const averagePoolBackward = hostFunction('crema_average_pool_backward', pointers(3)) as (
  dy: Values,
  dx: Values,
  pool: BigInt64Array,
) => void;

const stochasticTrain = hostFunction('crema_stochastic_pool_train', [...pointers(4), 'i64', 'u64', 'u32', 'u64']);

/** Draws one uniform number per output from `random`, which moves on. */
export function stochasticPoolTrain(
  x: Values,
  y: Values,
  index: Int32Array,
  pool: BigInt64Array,
  channels: number,
  random: RandomStream,
  draws: number,
): void {
  stochasticTrain(x, y, index, pool, channels, random.seed, random.stream, random.position);
  random.position += draws;
}

export const stochasticPoolTest = hostFunction('crema_stochastic_pool_test', pointers(3)) as (
  x: Values,
  y: Values,
  pool: BigInt64Array,
) => void;
