import type { FeatureTable } from './features.ts';

/** Added to the score of a class that is ruled out: exp of it is exactly 0, and it stays finite. */
export const RULED_OUT = -1e9;

/** What is added to each class's score: 0 for classes of the set, RULED_OUT for others (logit masking). */
export function maskOf(active: readonly number[], classes: number): Float32Array {
  const shift = new Float32Array(classes).fill(RULED_OUT);
  for (const c of active) shift[c] = 0;
  return shift;
}

/**
 * What is added to each class's score where shares of the classes changed: log(target / source), the Bayes rule for scores that
 * are log posteriors up to a constant (Saerens, Latinne, Decaestecker 2002). Shares are floored at `least`.
 */
export function priorShift(target: ArrayLike<number>, source: ArrayLike<number>, least: number): Float32Array {
  return Float32Array.from({ length: target.length }, (_, c) =>
    Math.log(Math.max(least, target[c]!) / Math.max(least, source[c]!)),
  );
}

/** The class of the largest score in each row [rows][classes]; the first of equal ones. */
export function predict(scores: Float32Array, classes: number, shift?: Float32Array): Int32Array {
  const rows = scores.length / classes;
  const result = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    let best = 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) {
      const value = scores[r * classes + c]! + (shift?.[c] ?? 0);
      if (value > most) {
        most = value;
        best = c;
      }
    }
    result[r] = best;
  }
  return result;
}

/** Number of predictions that are the label. */
export function hits(predictions: Int32Array, labels: Int32Array): number {
  let count = 0;
  predictions.forEach((p, i) => {
    if (p === labels[i]) count++;
  });
  return count;
}

export function histogram(predictions: Int32Array, classes: number): Int32Array {
  const counts = new Int32Array(classes);
  for (const p of predictions) counts[p]!++;
  return counts;
}

/** Share of each class among the labels. */
export function sharesOf(table: FeatureTable): Float64Array {
  return Float64Array.from(histogram(table.labels, table.classes), (n) => n / table.count);
}

/** P(prediction | class) as [class][prediction], each cell with `smoothing` more counts. */
export function confusion(
  predictions: Int32Array,
  labels: Int32Array,
  classes: number,
  smoothing: number,
): Float32Array {
  const matrix = new Float32Array(classes * classes).fill(smoothing);
  labels.forEach((label, i) => {
    matrix[label * classes + predictions[i]!]! += 1;
  });
  for (let c = 0; c < classes; c++) {
    const line = matrix.subarray(c * classes, (c + 1) * classes);
    const sum = line.reduce((a, b) => a + b, 0);
    for (let k = 0; k < classes; k++) line[k]! /= sum;
  }
  return matrix;
}
