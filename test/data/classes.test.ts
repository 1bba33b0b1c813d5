import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  chooseRecords,
  convertToLmdb,
  formatClassList,
  openSource,
  parseClassList,
  type RecordSource,
} from '../../orchestrator/data/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-classes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Labels and bytes of all records of a generated source. */
function all(uri: string) {
  const source = openSource(uri, 'LMDB');
  const { labels, base, offsets } = source.read(0, source.count);
  const size = source.shape.reduce((a, b) => a * b, 1);
  const records = [...offsets].map((at) => (base as Uint8Array).slice(Number(at), Number(at) + size));
  return { labels: [...labels], records, count: source.count };
}

const labelsOf = (source: RecordSource) => [...source.read(0, source.count).labels];

describe('class lists', () => {
  test('are read and written', () => {
    expect(parseClassList('8,0-3, 2,12-13', 'x')).toEqual([0, 1, 2, 3, 8, 12, 13]);
    expect(formatClassList([0, 1, 2, 3, 8, 12, 13])).toBe('0-3,8,12-13');
    for (const bad of ['', '1-', 'a', '3-1', '1,,2', '-4'])
      expect(() => parseClassList(bad, 'x')).toThrow('names no classes');
  });

  test('are put into the text of a source', () => {
    expect(chooseRecords('synthetic-fields:train?seed=3&only=1', 'LMDB', { only: [0, 1, 5] })).toBe(
      'synthetic-fields:train?seed=3&only=0-1,5',
    );
    expect(chooseRecords('train_lmdb', 'LMDB', { only: [4], held: 5 })).toBe('lmdb:train_lmdb?only=4&held=5');
  });
});

describe('synthetic-fields', () => {
  test('every class as often, parts apart, equal however read', () => {
    const whole = all('synthetic-fields:train?perclass=5&seed=2');
    expect(whole.count).toBe(100);
    for (let k = 0; k < 20; k++) expect(whole.labels.filter((label) => label === k)).toHaveLength(5);
    expect(all('synthetic-fields:train?perclass=7&seed=2').records.slice(0, 100)).toEqual(whole.records);
    expect(all('synthetic-fields:val?perclass=5&seed=2').records).not.toEqual(whole.records);
    expect(all('synthetic-fields:train?perclass=5&seed=3').records).not.toEqual(whole.records);
  });

  test('classes left out change nothing about the others', () => {
    const whole = all('synthetic-fields:test?perclass=4&seed=2');
    const some = all('synthetic-fields:test?perclass=4&seed=2&only=0-1,7');
    expect(some.count).toBe(12);
    const kept = whole.labels.flatMap((label, i) => ([0, 1, 7].includes(label) ? [i] : []));
    expect(some.labels).toEqual(kept.map((i) => whole.labels[i]));
    expect(some.records).toEqual(kept.map((i) => whole.records[i]));
  });

  test('these bytes on every machine', () => {
    const { records } = all('synthetic-fields:train?perclass=2&seed=1');
    let hash = 0;
    for (const record of records) for (const value of record) hash = (Math.imul(hash, 31) + value) | 0;
    expect(hash).toMatchInlineSnapshot(`-1338898778`);
  });

  test('refuses what it cannot draw', () => {
    const open = (uri: string) => () => openSource(`synthetic-fields:${uri}`, 'LMDB');
    expect(open('dev')).toThrow('the part is "dev"');
    expect(open('train?only=20')).toThrow('class 20 of 20 classes');
    expect(open('train?groups=3')).toThrow('3 groups of 20 classes');
    expect(open('train?clases=3')).toThrow('no option');
  });
});

test('classes of any source in memory or in the map of a file', () => {
  const set = 'synthetic-digits:train?count=300&seed=2';
  const wanted = all(set).labels.filter((label) => label === 3 || label === 5);
  expect(all(`${set}&only=3,5`).labels).toEqual(wanted);
  const path = join(folder, 'lmdb');
  convertToLmdb(openSource(set, 'LMDB'), path);
  expect(labelsOf(openSource(`lmdb:${path}?only=3,5`, 'LMDB'))).toEqual(wanted);
  expect(() => openSource(`${set}&only=11`, 'LMDB').count).toThrow('no record is left');
  expect(() => openSource('synthetic-digits:train?count=10000000&only=1', 'LMDB')).toThrow('cannot be chosen');
});

test('records held back are those left out, a share of every class', () => {
  const set = 'synthetic-fields:train?perclass=10&seed=2&only=2-5';
  const [whole, kept, held] = ['', '&hold=5', '&held=5'].map((choice) => all(set + choice));
  expect([whole!.count, kept!.count, held!.count]).toEqual([40, 32, 8]);
  for (const label of [2, 3, 4, 5]) expect(held!.labels.filter((l) => l === label)).toHaveLength(2);
  const together = [...kept!.records, ...held!.records].map(String).sort();
  expect(together).toEqual(whole!.records.map(String).sort());
});
