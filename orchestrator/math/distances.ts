import { hostFunction } from './host.ts';

const squared = hostFunction('crema_squared_distance', ['i64', 'pointer', 'pointer', 'pointer']);

/** Σ (a - b)² */
export function squaredDistance(count: number, a: Float32Array, b: Float32Array): number {
  const result = new Float64Array(1);
  squared(count, a, b, result);
  return result[0]!;
}

/** dx = scale · (a - b) */
export const scaledDifference = hostFunction('crema_scaled_difference', [
  'i64',
  'f32',
  'pointer',
  'pointer',
  'pointer',
]) as (count: number, scale: number, a: Float32Array, b: Float32Array, dx: Float32Array) => void;

/** Pairs of rows to compare. `similar`: 1 pulls a pair together, 0 pushes it apart up to `margin`. */
export interface Pairs {
  readonly rows: number;
  readonly length: number;
  readonly margin: number;
  readonly legacy: boolean;
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly similar: Float32Array;
  /** [rows] squared distances: written forward, read backward. */
  readonly distance: Float32Array;
}

const forward = hostFunction('crema_contrastive_forward', [
  ...(['i64', 'i64', 'f32', 'i32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'] as const),
]);
const backward = hostFunction('crema_contrastive_backward', [
  ...(['i64', 'i64', 'f32', 'i32', 'f32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'] as const),
]);

export function contrastiveForward(p: Pairs): number {
  const result = new Float64Array(1);
  forward(p.rows, p.length, p.margin, p.legacy ? 1 : 0, p.a, p.b, p.similar, p.distance, result);
  return result[0]!;
}

/** `scale` is positive for the gradient to a, negative for b. */
export function contrastiveBackward(p: Pairs, scale: number, dx: Float32Array): void {
  backward(p.rows, p.length, p.margin, p.legacy ? 1 : 0, scale, p.a, p.b, p.similar, p.distance, dx);
}
