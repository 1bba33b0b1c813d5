import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { dataError } from '../core/index.ts';
import { describePath, statOf } from './files.ts';

const MAGIC = 0xbeefc0de;
/** On-disk format of liblmdb 0.9; the npm package `lmdb` writes format 2 of LMDB 1.0. */
const FORMAT = 1;
/** Offsets in a meta page after its 16-byte header: magic, version, …, free-database flags = page size, last page. */
const AT = { magic: 16, version: 20, pageSize: 40, lastPage: 136, end: 152 } as const;

/** The folder of an LMDB whose `data.mdb` can be mapped without a fault. Throws a data CremaError in words otherwise. */
export function checkLmdb(path: string): void {
  const stats = statOf(path);
  const fail = (hint?: string) =>
    dataError({
      message: `no LMDB to read: ${describePath(path)}`,
      expected: 'a folder with data.mdb',
      ...(hint ? { hint } : {}),
      code: 'no-lmdb',
    });
  if (!stats) throw fail('make one with: crema data make, or name a synthetic-digits: source');
  if (!stats.isDirectory()) throw fail('name the folder that holds data.mdb');
  const file = join(path, 'data.mdb');
  if (!statOf(file)) throw fail(statOf(join(path, 'CURRENT')) ? 'this is a LevelDB: backend: LEVELDB' : undefined);
  checkDataFile(file);
}

/** liblmdb believes the file: a short one ends the process with SIGBUS at the first missing page, so lengths are checked before. */
function checkDataFile(file: string): void {
  const bad = (message: string, expected: string, hint?: string) =>
    dataError({ message: `${file} ${message}`, expected, ...(hint ? { hint } : {}), code: 'bad-lmdb' });
  const handle = openSync(file, 'r');
  try {
    const size = fstatSync(handle).size;
    const meta = new DataView(new ArrayBuffer(AT.end));
    if (readSync(handle, meta, 0, AT.end, 0) < AT.end) throw bad(`has ${size} bytes`, 'an LMDB data file');
    if (meta.getUint32(AT.magic, true) !== MAGIC) throw bad('has no LMDB magic number', 'an LMDB data file');
    const version = meta.getUint32(AT.version, true) & 0xffff;
    if (version !== FORMAT)
      throw bad(`is of LMDB format ${version}`, `format ${FORMAT}`, 'write it with liblmdb 0.9, as Caffe does');
    const pageSize = meta.getUint32(AT.pageSize, true);
    if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0)
      throw bad(`has pages of ${pageSize} bytes`, 'a power of two');
    let lastPage = meta.getBigUint64(AT.lastPage, true);
    if (readSync(handle, meta, 0, AT.end, pageSize) === AT.end && meta.getUint32(AT.magic, true) === MAGIC) {
      const other = meta.getBigUint64(AT.lastPage, true);
      if (other > lastPage) lastPage = other;
    }
    const least = (lastPage + 1n) * BigInt(pageSize);
    if (BigInt(size) < least) throw bad(`has ${size} bytes: it is cut short`, `${least}`, 'copy it again');
  } finally {
    closeSync(handle);
  }
}
