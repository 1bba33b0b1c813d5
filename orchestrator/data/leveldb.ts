import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { dataError } from '../core/index.ts';
import { leveldbSkip, leveldbWalk } from '../math/index.ts';
import { loadLibrary, type NativeLibrary, native } from '../native/index.ts';
import { DatumTable, shapeOf } from './datum.ts';
import { describePath, namesIn, statOf } from './files.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';

function leveldbLibrary(): NativeLibrary {
  const names =
    process.platform === 'darwin' ? ['libleveldb.dylib'] : ['libleveldb.so.1d', 'libleveldb.so.1', 'libleveldb.so'];
  let cause: unknown;
  for (const name of names) {
    try {
      return loadLibrary(name);
    } catch (error) {
      cause ??= error;
    }
  }
  const hint = process.platform === 'darwin' ? 'brew install leveldb' : 'apt-get install libleveldb1d';
  throw dataError({ message: 'the LevelDB library is not installed', hint, code: 'no-libleveldb' }, cause);
}

/** Refuses what is no LevelDB in words. */
function checkLeveldb(path: string): void {
  if (statOf(join(path, 'CURRENT'))) return;
  const lmdb = statOf(join(path, 'data.mdb')) !== undefined;
  throw dataError({
    message: `no LevelDB to read: ${describePath(path)}`,
    expected: 'a folder with CURRENT, MANIFEST-… and *.ldb',
    hint: lmdb ? 'this is an LMDB: backend: LMDB' : 'backend is LEVELDB unless the text says backend: LMDB',
    code: 'no-leveldb',
  });
}

/**
 * LevelDB locks a folder and rewrites its log when it opens it. We open a look-alike instead, tables as links and the small
 * files as copies, so that the user's set is not written to and two nets may read it at once.
 */
function lookAlike(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'crema-leveldb-'));
  for (const name of namesIn(path)) {
    if (/\.(ldb|sst)$/.test(name)) symlinkSync(resolve(path, name), join(folder, name));
    else if (name !== 'LOCK' && !/^LOG(\.old)?$/.test(name)) cpSync(join(path, name), join(folder, name));
  }
  return folder;
}

/** Reads Caffe's LevelDB of Datum messages through the library's C interface. */
export class LeveldbSource implements RecordSource {
  readonly kind = 'LEVELDB';
  readonly name: string;
  readonly shape: RecordShape;
  readonly encoded: boolean;
  private readonly library: NativeLibrary;
  private readonly folder: string;
  private readonly options: bigint;
  private readonly readOptions: bigint;
  private readonly database: bigint;
  private readonly iterator: bigint;
  private readonly functions: BigUint64Array;
  private readonly table = new DatumTable();
  private at = 0;
  private total: number | undefined;
  private arena = new Uint8Array(2 ** 20);
  private addresses = new BigInt64Array(0);
  private sizes = new BigInt64Array(0);

  constructor(path: string) {
    checkLeveldb(path);
    this.name = path;
    this.library = leveldbLibrary();
    this.folder = lookAlike(path);
    this.options = this.create('leveldb_options_create');
    this.readOptions = this.create('leveldb_readoptions_create');
    const problem = new BigUint64Array(1);
    const open = this.library.declare('leveldb_open', 'pointer', ['pointer', 'pointer', 'pointer']);
    this.database = open(this.options, Buffer.from(`${this.folder}\0`), problem) as bigint;
    if (problem[0] !== 0n) {
      const text = native().text(problem[0]!).replaceAll(this.folder, path);
      rmSync(this.folder, { recursive: true, force: true });
      throw dataError({ message: `LevelDB ${path}: ${text}`, code: 'leveldb' });
    }
    const iterate = this.library.declare('leveldb_create_iterator', 'pointer', ['pointer', 'pointer']);
    this.iterator = iterate(this.database, this.readOptions) as bigint;
    this.functions = BigUint64Array.from(
      ['valid', 'value', 'next'].map((name) => this.library.address(`leveldb_iter_${name}`)),
    );
    try {
      this.rewind();
      const first = this.read(0, 1);
      this.encoded = first.encoded !== undefined;
      this.shape = shapeOf(first, path);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get bytes(): number {
    return this.arena.byteLength;
  }

  get count(): number {
    if (this.total === undefined) {
      const here = this.at;
      this.rewind();
      this.total = leveldbSkip(this.functions, this.iterator, Number.MAX_SAFE_INTEGER);
      this.rewind();
      leveldbSkip(this.functions, this.iterator, here);
      this.at = here;
    }
    return this.total;
  }

  read(position: number, count: number): RecordBatch {
    this.seek(position);
    if (this.addresses.length < count) {
      this.addresses = new BigInt64Array(count);
      this.sizes = new BigInt64Array(count);
    }
    const first = this.at;
    while (!this.fill(count)) this.seek(first);
    return this.table.read(this.name, first, this.addresses, this.sizes, count);
  }

  /** Copies `count` values, around the end where needed. False where the arena was too small: it has grown, try again. */
  private fill(count: number): boolean {
    const needed = new BigInt64Array(1);
    let used = 0;
    for (let got = 0; got < count; ) {
      const [arena, addresses, sizes] = [
        this.arena.subarray(used),
        this.addresses.subarray(got),
        this.sizes.subarray(got),
      ];
      const n = leveldbWalk(
        this.functions,
        this.iterator,
        count - got,
        arena,
        arena.byteLength,
        addresses,
        sizes,
        needed,
      );
      for (let i = 0; i < n; i++) used += Number(sizes[i]);
      got += n;
      this.at += n;
      if (needed[0] !== 0n) {
        this.arena = new Uint8Array(2 * this.arena.length + Number(needed[0]) * (count - got + 1));
        return false;
      }
      if (got < count) {
        this.total = this.at;
        if (this.total === 0) throw dataError({ message: `LevelDB ${this.name} has no records`, code: 'empty' });
        this.rewind();
      }
    }
    return true;
  }

  /** Puts the iterator before record `position` of the pass. */
  private seek(position: number): void {
    let index = position;
    if (index !== this.at && (this.total !== undefined || index > this.at)) index %= this.count;
    if (index === this.at) return;
    if (index < this.at) this.rewind();
    this.at += leveldbSkip(this.functions, this.iterator, index - this.at);
  }

  private rewind(): void {
    this.library.declare('leveldb_iter_seek_to_first', 'void', ['pointer'])(this.iterator);
    this.at = 0;
  }

  private create(symbol: string): bigint {
    return this.library.declare(symbol, 'pointer', [])() as bigint;
  }

  close(): void {
    const end = (symbol: string, handle: bigint) => this.library.declare(symbol, 'void', ['pointer'])(handle);
    end('leveldb_iter_destroy', this.iterator);
    end('leveldb_close', this.database);
    end('leveldb_readoptions_destroy', this.readOptions);
    end('leveldb_options_destroy', this.options);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
