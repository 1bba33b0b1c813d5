import { dataError, hashName } from '../core/index.ts';
import { drawDigits, drawImages } from '../math/index.ts';
import { GeneratedSource } from './generated.ts';
import { fields } from './synthetic-fields.ts';
import type { Draw, SyntheticKind, SyntheticSet } from './synthetic-set.ts';
import { checkQuery, integerOption, type SourceUri, shapeOption } from './uri.ts';

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
  ['synthetic-fields', fields],
]);

/** The set of a `synthetic-…` source. */
export function syntheticSet(uri: SourceUri): SyntheticSet {
  return syntheticKinds.get(uri.scheme)!(uri);
}

export function openSynthetic(uri: SourceUri): GeneratedSource {
  return new GeneratedSource(uri.text, uri.scheme, syntheticSet(uri));
}
