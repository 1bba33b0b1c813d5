import type { RandomStream } from '../core/index.ts';
import type { FeatureTable, WordLength } from './features.ts';
import type { MemoryLedger } from './memory.ts';

/** Gives features of a class without its pictures. */
export interface FeatureGenerator {
  readonly kind: string;
  readonly dimension: number;
  readonly classes: number;
  /** Classes it knows; others cannot be drawn. */
  readonly known: readonly number[];
  /** Bytes of its buffers. */
  readonly bytes: number;
  /** Writes one feature vector for each entry of `labels` into out [labels.length][dimension]. All chance comes from `random`. */
  draw(labels: Int32Array, random: RandomStream, out: Float32Array): void;
  /** The file's bytes; `key` names the backbone the features came from. */
  encode(key: string): Uint8Array;
  /** Lets go of its buffers. */
  release(): void;
}

export interface FitOptions {
  /** Directions of the covariance kept per class (gaussian); 0 keeps the diagonal alone. */
  readonly rank: number;
  /** Records kept per class (stored); 0 keeps all. */
  readonly perClass: number;
  /** Bits of a stored feature (stored). */
  readonly bits: WordLength;
  readonly seed: number;
}

export const fitDefaults: FitOptions = { rank: 8, perClass: 0, bits: 32, seed: 1 };

/** A kind of generator: made from features once, read from its file afterwards. */
export interface GeneratorKind {
  readonly kind: string;
  fit(table: FeatureTable, options: FitOptions, memory: MemoryLedger): FeatureGenerator;
  decode(bytes: Uint8Array, path: string, key: string | undefined, memory: MemoryLedger): FeatureGenerator;
}
