import { dataError } from '../core/index.ts';
import { decodeContainer, encodeContainer } from './container.ts';

/** Features of labelled records: what the frozen part of a net makes of them. Row-major [count][dimension]. */
export interface FeatureTable {
  readonly count: number;
  readonly dimension: number;
  readonly classes: number;
  readonly features: Float32Array;
  /** [count] */
  readonly labels: Int32Array;
}

/** Bits of a stored feature. 8: signed, one scale a record (largest magnitude / 127), nearest. */
export type WordLength = 8 | 32;

export const row = (table: FeatureTable, i: number): Float32Array =>
  table.features.subarray(i * table.dimension, (i + 1) * table.dimension);

/** @throws CremaError data where a label is no class */
export function checkLabels(table: FeatureTable): void {
  const i = table.labels.findIndex((label) => label < 0 || label >= table.classes);
  if (i < 0) return;
  throw dataError({
    message: `record ${i} has the label ${table.labels[i]}`,
    expected: `0 to ${table.classes - 1}: the net has ${table.classes} classes`,
    code: 'label-range',
  });
}

/** Row numbers of each class. @throws CremaError data where a label is no class */
export function rowsByClass(table: FeatureTable): number[][] {
  checkLabels(table);
  const rows: number[][] = Array.from({ length: table.classes }, () => []);
  table.labels.forEach((label, i) => void rows[label]!.push(i));
  return rows;
}

/** Rounds rows of `dimension` values to 8 bits: value = scale · word. */
export function quantiseRows(values: Float32Array, dimension: number, words: Int8Array, scales: Float32Array): void {
  for (let r = 0; r < scales.length; r++) {
    let most = 0;
    for (let i = 0; i < dimension; i++) most = Math.max(most, Math.abs(values[r * dimension + i]!));
    const scale = Math.fround(most / 127);
    scales[r] = scale;
    // Math.round takes halves upwards: sign and magnitude apart keep it symmetric.
    for (let i = 0; i < dimension; i++) {
      const v = values[r * dimension + i]!;
      words[r * dimension + i] = scale === 0 ? 0 : Math.sign(v) * Math.round(Math.abs(v) / scale);
    }
  }
}

export function encodeFeatures(table: FeatureTable, key: string, bits: WordLength): Uint8Array {
  const { count, dimension, classes, features, labels } = table;
  const facts = { count, dimension, classes, bits };
  if (bits === 32) return encodeContainer({ kind: 'features', key, facts, arrays: { labels, features } });
  const words = new Int8Array(features.length);
  const scales = new Float32Array(count);
  quantiseRows(features, dimension, words, scales);
  return encodeContainer({ kind: 'features', key, facts, arrays: { labels, scales, words } });
}

export function decodeFeatures(bytes: Uint8Array, path: string, key: string): FeatureTable {
  const { facts, arrays } = decodeContainer(bytes, path, { kind: 'features', key });
  const { count, dimension, classes, bits } = facts as {
    count: number;
    dimension: number;
    classes: number;
    bits: 8 | 32;
  };
  const labels = arrays['labels'] as Int32Array;
  if (bits === 32) return { count, dimension, classes, labels, features: arrays['features'] as Float32Array };
  const scales = arrays['scales'] as Float32Array;
  const words = arrays['words'] as Int8Array;
  const features = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) features[i] = scales[Math.floor(i / dimension)]! * words[i]!;
  return { count, dimension, classes, labels, features };
}
