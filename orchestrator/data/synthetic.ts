import { dataError, hashName } from '../core/index.ts';
import { drawDigits, drawImages } from '../math/index.ts';
import { GeneratedSource } from './generated.ts';
import type { RecordShape } from './source.ts';
import { checkQuery, integerOption, type SourceUri } from './uri.ts';

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

const MOST = 2 ** 40;

/** The part of the set: it only names a stream, so that train and test never share a record. */
function streamOf(uri: SourceUri): number {
  if (uri.rest !== 'train' && uri.rest !== 'test') {
    throw dataError({
      message: `${uri.text}: the part is "${uri.rest}"`,
      expected: `${uri.scheme}:train or ${uri.scheme}:test`,
      code: 'bad-source',
    });
  }
  return hashName(`${uri.scheme}:${uri.rest}`);
}

function common(uri: SourceUri): { stream: number; seed: number; count: number } {
  const stream = streamOf(uri);
  const count = integerOption(uri, 'count', uri.rest === 'train' ? 10_000 : 2000, 1, MOST);
  return { stream, seed: integerOption(uri, 'seed', 1, 0, Number.MAX_SAFE_INTEGER), count };
}

/** Handwritten-like digits, 1×28×28, ten classes. */
const digits: SyntheticKind = (uri) => {
  checkQuery(uri, ['count', 'seed']);
  const { stream, seed, count } = common(uri);
  const draw: Draw = (first, out, labels) => drawDigits(seed, stream, first, labels.length, out, labels);
  return { shape: [1, 28, 28], classes: 10, count, draw };
};

function shapeOption(uri: SourceUri, fallback: RecordShape): RecordShape {
  const text = uri.query.get('shape');
  if (text === undefined) return fallback;
  const dims = text.split('x').map(Number);
  const [c = 0, h = 0, w = 0] = dims;
  if (dims.length !== 3 || !dims.every((d) => Number.isInteger(d) && d >= 1 && d <= 4096) || c * h * w > 2 ** 26) {
    throw dataError({
      message: `${uri.text}: shape is "${text}"`,
      expected: 'CxHxW, e.g. 3x32x32',
      code: 'bad-source-option',
    });
  }
  return [c, h, w];
}

/** Figures of several shapes and textures on coloured grounds. */
const images: SyntheticKind = (uri) => {
  checkQuery(uri, ['count', 'seed', 'shape', 'classes']);
  const key = common(uri);
  const shape = shapeOption(uri, [3, 32, 32]);
  const classes = integerOption(uri, 'classes', 10, 1, 1000);
  return {
    shape,
    classes,
    count: key.count,
    draw: (first, out, labels) => drawImages(key, shape, classes, first, out, labels),
  };
};

/** Every set we draw, by scheme. A new one: its drawing and one line here. */
export const syntheticKinds: ReadonlyMap<string, SyntheticKind> = new Map([
  ['synthetic-digits', digits],
  ['synthetic-images', images],
  ['synthetic-cifar', images],
]);

/** The set of a `synthetic-…` source. */
export function syntheticSet(uri: SourceUri): SyntheticSet {
  return syntheticKinds.get(uri.scheme)!(uri);
}

export function openSynthetic(uri: SourceUri): GeneratedSource {
  return new GeneratedSource(uri.text, uri.scheme, syntheticSet(uri));
}
