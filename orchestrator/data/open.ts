import { dataError } from '../core/index.ts';
import { ChosenSource } from './chosen.ts';
import { openCifar } from './cifar.ts';
import { formatClassList } from './class-list.ts';
import { describePath, firstBytes, statOf } from './files.ts';
import { GeneratedSource } from './generated.ts';
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

const ONLY = 'only';

/** Kinds whose sets know their classes by number and leave out records themselves. */
const CHOOSES = new Set(['synthetic-fields']);

function withoutOnly(uri: SourceUri): SourceUri {
  if (!uri.query.has(ONLY) || CHOOSES.has(uri.scheme)) return uri;
  const query = new Map([...uri.query].filter(([key]) => key !== ONLY));
  const options = [...query].map(([key, value]) => `${key}=${value}`).join('&');
  return { ...uri, query, text: `${uri.scheme}:${uri.rest}${options ? `?${options}` : ''}` };
}

function openScheme(uri: SourceUri): RecordSource {
  const only = uri.query.get(ONLY);
  const open = schemes.get(uri.scheme)!;
  if (only === undefined || CHOOSES.has(uri.scheme)) return open(uri);
  const source = open(withoutOnly(uri));
  if (source instanceof LeveldbSource || (source instanceof GeneratedSource && !source.kept)) {
    source.close();
    throw dataError({
      message: `${uri.text}: classes cannot be chosen from ${uri.scheme === 'leveldb' ? 'a LevelDB' : 'a set this large'}`,
      expected: 'records that stay in memory',
      hint: 'write an LMDB first: crema data convert, or crema data make',
      code: 'no-choice',
    });
  }
  return new ChosenSource(source, only);
}

/** The text of a source (openSource) with the records of other classes left out. Labels keep their numbers. */
export function chooseClasses(text: string, backend: Backend, classes: readonly number[]): string {
  const uri = parseUri(text, schemes.keys());
  const [place = '', ...options] = (uri ? text : `${backend.toLowerCase()}:${text}`).split('?');
  const kept = options.join('?').split('&');
  const others = kept.filter((option) => option !== '' && !option.startsWith(`${ONLY}=`));
  return `${place}?${[...others, `${ONLY}=${formatClassList(classes)}`].join('&')}`;
}

/** Shape of the records where the text alone tells it (sets we draw), else undefined. Opens nothing. */
export function declaredShape(text: string): RecordShape | undefined {
  const uri = parseUri(text, syntheticKinds.keys());
  return uri ? syntheticSet(withoutOnly(uri)).shape : undefined;
}

/**
 * Opens a source of labelled records: a folder in the given backend's format (Caffe's LMDB or LevelDB), an idx file of images, or
 * a text with a scheme (`synthetic-digits:train?count=10000&seed=1`, `idx:images,labels`, `cifar10-bin:folder?part=test`); the
 * option `only=0-3,8` of a text with a scheme leaves out the records of other classes.
 * Throws a data CremaError that names the path, what is there and what was expected.
 */
export function openSource(text: string, backend: Backend): RecordSource {
  const uri = parseUri(text, schemes.keys());
  if (uri) return openScheme(uri);
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
