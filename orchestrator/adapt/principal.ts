import { RandomStream } from '../core/index.ts';

/** Rounds of the subspace iteration: directions of a Gaussian need no more than a few digits. */
const ROUNDS = 15;

/** In place; a row that depends on those before becomes zero. */
function orthonormalise(basis: Float64Array[]): void {
  basis.forEach((v, i) => {
    let before = 0;
    for (const x of v) before += x * x;
    // Twice is enough (Kahan, Parlett): the second pass removes what rounding left of the first.
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const u = basis[j]!;
        let dot = 0;
        for (let k = 0; k < v.length; k++) dot += u[k]! * v[k]!;
        for (let k = 0; k < v.length; k++) v[k]! -= dot * u[k]!;
      }
    }
    let norm = 0;
    for (const x of v) norm += x * x;
    const factor = norm > before * 1e-20 && norm > 0 ? 1 / Math.sqrt(norm) : 0;
    for (let k = 0; k < v.length; k++) v[k]! *= factor;
  });
}

/** w = RᵀR v for rows R [count][v.length]. */
function multiply(rows: Float64Array, count: number, v: Float64Array, w: Float64Array): void {
  const { length } = v;
  for (let r = 0; r < count; r++) {
    const at = r * length;
    let dot = 0;
    for (let k = 0; k < length; k++) dot += rows[at + k]! * v[k]!;
    for (let k = 0; k < length; k++) w[k]! += dot * rows[at + k]!;
  }
}

/**
 * The `rank` directions of largest variance of centred rows [count][dimension], each scaled to its standard deviation:
 * the covariance is about Σ vᵢ vᵢᵀ plus a rest. Subspace iteration in double precision from a fixed start; where the rows
 * span less than `rank` directions, the others are zero.
 */
export function principalDirections(
  rows: Float64Array,
  count: number,
  dimension: number,
  rank: number,
): readonly Float64Array[] {
  const random = new RandomStream(1, 'adapt/principal');
  const basis = Array.from({ length: rank }, () => Float64Array.from({ length: dimension }, () => random.normal()));
  orthonormalise(basis);
  for (let round = 0; round <= ROUNDS; round++) {
    const next = basis.map(() => new Float64Array(dimension));
    for (let i = 0; i < rank; i++) multiply(rows, count, basis[i]!, next[i]!);
    if (round < ROUNDS) {
      basis.forEach((v, i) => void v.set(next[i]!));
      orthonormalise(basis);
      continue;
    }
    // |C v| is the eigenvalue of a converged direction.
    basis.forEach((v, i) => {
      let eigen = 0;
      for (let k = 0; k < dimension; k++) eigen += v[k]! * next[i]![k]!;
      const deviation = Math.sqrt(Math.max(0, eigen / Math.max(1, count - 1)));
      for (let k = 0; k < dimension; k++) v[k]! *= deviation;
    });
  }
  return basis;
}
