import { dataError } from '../core/index.ts';
import { openCifar } from './cifar.ts';
import { describePath, firstBytes, statOf } from './files.ts';
import { looksLikeIdx, openIdx } from './idx.ts';
import { LeveldbSource } from './leveldb.ts';
import { LmdbSource } from './lmdb.ts';
import type { Backend, RecordShape, RecordSource } from './source.ts';
import { openSynthetic, syntheticKinds, syntheticSet } from './synthetic.ts';
import { checkQuery, parseUri, type SourceUri } from './uri.ts';

/** Kinds of source that are named by a scheme: `open` gets the text with resolved paths. A new one: one file and one line. */
const schemes = new Map<string, (uri: SourceUri) => RecordSource>([
  ...[...syntheticKinds.keys()].map((scheme) => [scheme, openSynthetic] as const),
  ['idx', (uri) => idx(uri)],
  ['cifar10-bin', (uri) => cifar(uri)],
  ['lmdb', (uri) => new LmdbSource(uri.rest)],
  ['leveldb', (uri) => new LeveldbSource(uri.rest)],
]);

function idx(uri: SourceUri): RecordSource {
  checkQuery(uri, []);
  const [images = '', labels] = uri.rest.split(',');
  return openIdx(images, labels);
}

function cifar(uri: SourceUri): RecordSource {
  checkQuery(uri, ['part']);
  const part = uri.query.get('part') ?? 'train';
  if (part !== 'train' && part !== 'test') {
    throw dataError({
      message: `${uri.text}: part is "${part}"`,
      expected: 'train or test',
      code: 'bad-source-option',
    });
  }
  return openCifar(uri.rest.split(','), part);
}

/** The text of a source with its paths resolved: plain paths and those of `idx:`, `cifar10-bin:`, `lmdb:` and `leveldb:`. */
export function resolveSource(text: string, resolve: (path: string) => string): string {
  const uri = parseUri(text, schemes.keys());
  if (!uri) return resolve(text);
  if (syntheticKinds.has(uri.scheme)) return text;
  const query = [...uri.query].map(([key, value]) => `${key}=${value}`).join('&');
  const paths = uri.rest.split(',').map((path) => resolve(path));
  return `${uri.scheme}:${paths.join(',')}${query ? `?${query}` : ''}`;
}

/** Shape of the records where the text alone tells it (sets we draw), else undefined. Opens nothing. */
export function declaredShape(text: string): RecordShape | undefined {
  const uri = parseUri(text, syntheticKinds.keys());
  return uri ? syntheticSet(uri).shape : undefined;
}

/**
 * Opens a source of labelled records: a folder in the given backend's format (Caffe's LMDB or LevelDB), an idx file of images, or
 * a text with a scheme (`synthetic-digits:train?count=10000&seed=1`, `idx:images,labels`, `cifar10-bin:folder?part=test`).
 * Throws a data CremaError that names the path, what is there and what was expected.
 */
export function openSource(text: string, backend: Backend): RecordSource {
  const uri = parseUri(text, schemes.keys());
  if (uri) return schemes.get(uri.scheme)!(uri);
  if (text === '') throw dataError({ message: 'the source is empty', expected: 'a path', code: 'no-source' });
  if (statOf(text)?.isFile()) {
    if (looksLikeIdx(firstBytes(text, 4))) return openIdx(text);
    const mdb = text.endsWith('data.mdb');
    throw dataError({
      message: `no source of records: ${describePath(text)}`,
      expected: `a ${backend} folder, or an idx file`,
      ...(mdb ? { hint: 'name the folder that holds data.mdb' } : {}),
      code: 'no-data',
    });
  }
  return backend === 'LMDB' ? new LmdbSource(text) : new LeveldbSource(text);
}
