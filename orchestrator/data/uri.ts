import { dataError, nearest } from '../core/index.ts';
import type { RecordShape } from './source.ts';

/** `scheme:rest?key=value&key=value`, as sources that are no folder are written. */
export interface SourceUri {
  readonly text: string;
  readonly scheme: string;
  readonly rest: string;
  readonly query: ReadonlyMap<string, string>;
}

/** Splits a source, or undefined where it has none of the schemes (a path; C:\ is one too). */
export function parseUri(text: string, schemes: Iterable<string>): SourceUri | undefined {
  const match = /^([a-z][a-z0-9+-]+):(.*)$/s.exec(text);
  if (!match) return undefined;
  const [, scheme = '', body = ''] = match;
  const known = [...schemes];
  if (!known.includes(scheme)) {
    const near = nearest(scheme, known);
    if (!near) return undefined;
    throw dataError({
      message: `no kind of source is called "${scheme}"`,
      expected: known.join(', '),
      hint: `did you mean ${near}: ?`,
      code: 'unknown-source',
    });
  }
  const [rest = '', ...options] = body.split('?');
  const query = new Map<string, string>();
  for (const pair of options.join('?').split('&').filter(Boolean)) {
    const [key = '', ...value] = pair.split('=');
    query.set(key, value.join('='));
  }
  return { text, scheme, rest, query };
}

/** Refuses keys of the query that the kind of source does not have. */
export function checkQuery(uri: SourceUri, known: readonly string[]): void {
  for (const key of uri.query.keys()) {
    if (known.includes(key)) continue;
    const near = nearest(key, known);
    throw dataError({
      message: `${uri.text}: no option is called "${key}"`,
      expected: known.length > 0 ? known.join(', ') : 'none',
      ...(near ? { hint: `did you mean ${near}?` } : {}),
      code: 'unknown-source-option',
    });
  }
}

/** An integer of the query within [least, most]. */
export function integerOption(uri: SourceUri, key: string, fallback: number, least: number, most: number): number {
  const text = uri.query.get(key);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most) {
    throw dataError({
      message: `${uri.text}: ${key} is "${text}"`,
      expected: `an integer from ${least} to ${most}`,
      code: 'bad-source-option',
    });
  }
  return value;
}

/** A record's shape of the query, `3x32x32`. */
export function shapeOption(uri: SourceUri, fallback: RecordShape): RecordShape {
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
