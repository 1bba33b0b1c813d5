import type { CType } from '../native/index.ts';
import { hostFunction } from './host.ts';

type Values = Float32Array;
/** Pointers, then sizes, then settings: how the functions here are called. */
const call = (name: string, pointers: number, sizes: number, settings: CType[] = []) =>
  hostFunction(`crema_${name}`, [
    ...new Array<CType>(pointers).fill('pointer'),
    ...new Array<CType>(sizes).fill('i64'),
    ...settings,
  ]);

// Batch normalisation works on [blocks][channels][run], run = spatial size · lanes.

export const batchNormStatistics = call('batchnorm_statistics', 3, 5) as (
  x: Values,
  mean: Values,
  variance: Values,
  blocks: number,
  channels: number,
  run: number,
  lanes: number,
  batch: number,
) => void;

/** y = (x - mean) · inverse, and the same into `keep` unless null. */
export const batchNormNormalize = call('batchnorm_normalize', 5, 3) as (
  x: Values,
  mean: Values,
  inverse: Values,
  y: Values,
  keep: Values | null,
  blocks: number,
  channels: number,
  run: number,
) => void;

/** The normalised value is (source - mean) · unit. */
export const batchNormBackward = call('batchnorm_backward', 6, 5) as (
  source: Values,
  mean: Values,
  unit: Values,
  inverse: Values,
  dy: Values,
  dx: Values,
  blocks: number,
  channels: number,
  run: number,
  lanes: number,
  batch: number,
) => void;

// Softmax works on [outer][size][inner], lanes inside `inner`.

export const softmaxForward = call('softmax_forward', 2, 3) as (
  x: Values,
  y: Values,
  outer: number,
  size: number,
  inner: number,
) => void;

export const softmaxBackward = call('softmax_backward', 3, 3) as (
  y: Values,
  dy: Values,
  dx: Values,
  outer: number,
  size: number,
  inner: number,
) => void;

// LRN across channels works on [blocks][channels][run].

export const lrnForward = call('lrn_forward', 2, 4, ['f32', 'f32', 'f32']) as (
  x: Values,
  y: Values,
  blocks: number,
  channels: number,
  run: number,
  size: number,
  alpha: number,
  beta: number,
  k: number,
) => void;

export const lrnBackward = call('lrn_backward', 3, 4, ['f32', 'f32', 'f32']) as (
  x: Values,
  dy: Values,
  dx: Values,
  blocks: number,
  channels: number,
  run: number,
  size: number,
  alpha: number,
  beta: number,
  k: number,
) => void;

/** y = x² */
export const lrnSquare = call('lrn_square', 2, 1) as (x: Values, y: Values, count: number) => void;
/** y = x · (1 + alpha · mean)^-beta */
export const lrnApply = call('lrn_apply', 3, 1, ['f32', 'f32']) as (
  x: Values,
  mean: Values,
  y: Values,
  count: number,
  alpha: number,
  beta: number,
) => void;
/** The gradient's two ways: straight through the product, and through the mean of squares. */
export const lrnSplit = call('lrn_split', 5, 1, ['f32', 'f32']) as (
  x: Values,
  mean: Values,
  dy: Values,
  direct: Values,
  meanDiff: Values,
  count: number,
  alpha: number,
  beta: number,
) => void;
/** dx += 2 x squareDiff */
export const lrnJoin = call('lrn_join', 3, 1) as (x: Values, squareDiff: Values, dx: Values, count: number) => void;

/** Rows [rows][length]; `deviation` receives each row's divisor. */
export const mvnForward = call('mvn_forward', 3, 2, ['i32', 'f32']) as (
  x: Values,
  y: Values,
  deviation: Values,
  rows: number,
  length: number,
  variance: number,
  eps: number,
) => void;

export const mvnBackward = call('mvn_backward', 4, 2, ['i32']) as (
  y: Values,
  deviation: Values,
  dy: Values,
  dx: Values,
  rows: number,
  length: number,
  variance: number,
) => void;
