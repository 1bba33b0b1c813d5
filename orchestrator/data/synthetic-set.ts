import type { RecordShape } from './source.ts';
import type { SourceUri } from './uri.ts';

/** Draws records `first`… of a set; the number is `labels.length`. A pure function of its arguments and the set's seed. */
export type Draw = (first: number, out: Uint8Array, labels: Float32Array) => void;

/** A set we draw ourselves. Its shape is known without drawing, so nets on it can be inspected at once. */
export interface SyntheticSet {
  readonly shape: RecordShape;
  readonly classes: number;
  readonly count: number;
  readonly draw: Draw;
}

/** Reads the text after the scheme: `train?count=10000&seed=1`. */
export type SyntheticKind = (uri: SourceUri) => SyntheticSet;
