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
import { checkQuery, integerOption, parseUri, type SourceUri } from './uri.ts';

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

/** Options of any text with a scheme: which of its records. */
const CHOICES = ['only', 'hold', 'held'];

/** Kinds whose sets know their classes by number and leave out other classes' records themselves. */
const CHOOSES = new Set(['synthetic-fields']);

/** The options of a choice that the kind of source does not see to itself. */
const choicesOf = (uri: SourceUri): string[] =>
  CHOICES.filter((key) => uri.query.has(key) && !(key === 'only' && CHOOSES.has(uri.scheme)));

function withoutChoices(uri: SourceUri): SourceUri {
  const choices = choicesOf(uri);
  if (choices.length === 0) return uri;
  const query = new Map([...uri.query].filter(([key]) => !choices.includes(key)));
  const options = [...query].map(([key, value]) => `${key}=${value}`).join('&');
  return { ...uri, query, text: `${uri.scheme}:${uri.rest}${options ? `?${options}` : ''}` };
}

function openScheme(uri: SourceUri): RecordSource {
  const source = schemes.get(uri.scheme)!(withoutChoices(uri));
  const choices = choicesOf(uri);
  if (choices.length === 0) return source;
  if (source instanceof LeveldbSource || (source instanceof GeneratedSource && !source.kept)) {
    source.close();
    throw dataError({
      message: `${uri.text}: records cannot be chosen from ${uri.scheme === 'leveldb' ? 'a LevelDB' : 'a set this large'}`,
      expected: 'records that stay in memory',
      hint: 'write an LMDB first: crema data convert, or crema data make',
      code: 'no-choice',
    });
  }
  const every = (key: string) => (choices.includes(key) ? integerOption(uri, key, 2, 2, 2 ** 31) : undefined);
  const only = choices.includes('only') ? uri.query.get('only') : undefined;
  return new ChosenSource(source, uri.text, { only, hold: every('hold'), held: every('held') });
}

/** What `chooseRecords` may ask for. */
export interface RecordChoice {
  /** Records of other classes are left out. Labels keep their numbers. */
  readonly only?: readonly number[] | undefined;
  /** Every n-th record of each class is left out. */
  readonly hold?: number | undefined;
  /** Every n-th record of each class, and no other. */
  readonly held?: number | undefined;
}

/** The text of a source (openSource) with some of its records; what it already chooses otherwise stays. */
export function chooseRecords(text: string, backend: Backend, choice: RecordChoice): string {
  const uri = parseUri(text, schemes.keys());
  const [place = '', ...options] = (uri ? text : `${backend.toLowerCase()}:${text}`).split('?');
  const query = new Map(
    options
      .join('?')
      .split('&')
      .filter(Boolean)
      .map((option): [string, string] => {
        const [key = '', ...value] = option.split('=');
        return [key, value.join('=')];
      }),
  );
  if (choice.only) query.set('only', formatClassList(choice.only));
  for (const key of ['hold', 'held'] as const) if (choice[key]) query.set(key, String(choice[key]));
  const all = [...query].map(([key, value]) => `${key}=${value}`).join('&');
  return all ? `${place}?${all}` : place;
}

/** Shape of the records where the text alone tells it (sets we draw), else undefined. Opens nothing. */
export function declaredShape(text: string): RecordShape | undefined {
  const uri = parseUri(text, syntheticKinds.keys());
  return uri ? syntheticSet(withoutChoices(uri)).shape : undefined;
}

/**
 * Opens a source of labelled records: a folder in the given backend's format (Caffe's LMDB or LevelDB), an idx file of images, or
 * a text with a scheme (`synthetic-digits:train?count=10000&seed=1`, `idx:images,labels`, `cifar10-bin:folder?part=test`); the
 * options `only=0-3,8`, `hold=5` and `held=5` of a text with a scheme choose among its records.
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
