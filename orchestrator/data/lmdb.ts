import { join } from 'node:path';
import { dataError } from '../core/index.ts';
import { lmdbSkip, lmdbWalk } from '../math/index.ts';
import { loadLibrary, type NativeFunction, type NativeLibrary, native } from '../native/index.ts';
import { DatumTable, shapeOf } from './datum.ts';
import { statOf } from './files.ts';
import { checkLmdb } from './lmdb-file.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';

/** Flags of mdb_env_open and mdb_txn_begin that we use. */
export const MDB = { readOnly: 0x20000, noLock: 0x400000, noTls: 0x200000, append: 0x20000, create: 0x40000 } as const;
export const MDB_MAP_FULL = -30792;

/** liblmdb 0.9 of the system: the npm package of that name cannot read Caffe's files. */
export function lmdbLibrary(): NativeLibrary {
  const names = process.platform === 'darwin' ? ['liblmdb.dylib'] : ['liblmdb.so.0', 'liblmdb.so'];
  let cause: unknown;
  for (const name of names) {
    try {
      return loadLibrary(name);
    } catch (error) {
      cause ??= error;
    }
  }
  const hint = process.platform === 'darwin' ? 'brew install lmdb' : 'apt-get install liblmdb0';
  throw dataError({ message: 'the LMDB library is not installed', hint, code: 'no-liblmdb' }, cause);
}

/** The functions of liblmdb, each returning its error code; `check` turns a code into an error. */
export class Lmdb {
  readonly library: NativeLibrary = lmdbLibrary();
  private readonly functions = new Map<string, NativeFunction>();

  call(
    symbol: string,
    parameters: Parameters<NativeLibrary['declare']>[2],
    ...values: Parameters<NativeFunction>
  ): number {
    let call = this.functions.get(symbol);
    if (!call) {
      call = this.library.declare(symbol, 'i32', parameters);
      this.functions.set(symbol, call);
    }
    return call(...values) as number;
  }

  check(code: number, doing: string): void {
    if (code === 0) return;
    const text = this.library.declare('mdb_strerror', 'pointer', ['i32'])(code) as bigint;
    throw dataError({ message: `${doing}: ${native().text(text)}`, code: 'lmdb' });
  }

  /** For functions without a result. */
  end(symbol: string, handle: bigint): void {
    this.library.declare(symbol, 'void', ['pointer'])(handle);
  }

  /** A function that stores a handle where its last argument points. */
  handle(
    symbol: string,
    parameters: Parameters<NativeLibrary['declare']>[2],
    doing: string,
    ...values: Parameters<NativeFunction>
  ): bigint {
    const out = new BigUint64Array(1);
    this.check(this.call(symbol, [...parameters, 'pointer'], ...values, out), doing);
    return out[0]!;
  }

  /** Opens an environment; `prepare` runs between its creation and its opening. */
  open(path: string, flags: number, prepare?: (environment: bigint) => void): bigint {
    const environment = this.handle('mdb_env_create', [], `LMDB ${path}`);
    try {
      prepare?.(environment);
      const name = Buffer.from(`${path}\0`);
      this.check(
        this.call('mdb_env_open', ['pointer', 'pointer', 'u32', 'u32'], environment, name, flags, 0o664),
        `LMDB ${path}`,
      );
    } catch (error) {
      this.end('mdb_env_close', environment);
      throw error;
    }
    return environment;
  }

  begin(environment: bigint, flags: number, path: string): bigint {
    return this.handle('mdb_txn_begin', ['pointer', 'pointer', 'u32'], `LMDB ${path}`, environment, null, flags);
  }

  database(transaction: bigint, flags: number, path: string): number {
    const out = new Uint32Array(1);
    const code = this.call('mdb_dbi_open', ['pointer', 'pointer', 'u32', 'pointer'], transaction, null, flags, out);
    this.check(code, `LMDB ${path}`);
    return out[0]!;
  }
}

/**
 * Reads Caffe's LMDB of Datum messages through the map of the file, without copies. Opened without locks, so that read-only folders
 * work and several nets may read one set; nobody may write to it meanwhile.
 */
export class LmdbSource implements RecordSource {
  readonly kind = 'LMDB';
  readonly name: string;
  readonly shape: RecordShape;
  readonly encoded: boolean;
  readonly count: number;
  readonly bytes = 0;
  /** Size of data.mdb: what a pass reads from the disk. */
  readonly fileBytes: number;
  private readonly lmdb: Lmdb;
  private readonly environment: bigint;
  private readonly transaction: bigint;
  private readonly cursor: bigint;
  private readonly get: bigint;
  private readonly table = new DatumTable();
  /** Index of the record the next step of the cursor comes to; -1 before the first. */
  private at = -1;
  private addresses = new BigInt64Array(0);
  private sizes = new BigInt64Array(0);

  constructor(path: string) {
    checkLmdb(path);
    this.name = path;
    this.fileBytes = statOf(join(path, 'data.mdb'))?.size ?? 0;
    this.lmdb = new Lmdb();
    this.environment = this.lmdb.open(path, MDB.readOnly | MDB.noLock | MDB.noTls);
    try {
      this.transaction = this.lmdb.begin(this.environment, MDB.readOnly, path);
      const database = this.lmdb.database(this.transaction, 0, path);
      this.cursor = this.lmdb.handle('mdb_cursor_open', ['pointer', 'u32'], `LMDB ${path}`, this.transaction, database);
      this.get = this.lmdb.library.address('mdb_cursor_get');
      const stat = new BigUint64Array(5);
      this.lmdb.check(
        this.lmdb.call('mdb_stat', ['pointer', 'u32', 'pointer'], this.transaction, database, stat),
        `LMDB ${path}`,
      );
      this.count = Number(stat[4]);
      if (this.count === 0) throw dataError({ message: `LMDB ${path} has no records`, code: 'empty' });
      const first = this.read(0, 1);
      this.encoded = first.encoded !== undefined;
      this.shape = shapeOf(first, path);
    } catch (error) {
      this.lmdb.end('mdb_env_close', this.environment);
      throw error;
    }
  }

  read(position: number, count: number): RecordBatch {
    const index = position % this.count;
    if (this.addresses.length < count) {
      this.addresses = new BigInt64Array(count);
      this.sizes = new BigInt64Array(count);
    }
    this.seek(index);
    const walked = lmdbWalk(this.get, this.cursor, this.at < 0 ? 1 : 0, count, this.addresses, this.sizes);
    if (walked < 0) this.lmdb.check(walked, `LMDB ${this.name}`);
    this.at = (index + count) % this.count;
    return this.table.read(this.name, index, this.addresses, this.sizes, count);
  }

  /** Puts the cursor before record `index`. LMDB knows no ordinals: a jump (after a resume) walks the keys, about 50 ns each. */
  private seek(index: number): void {
    if (this.at === index || (this.at < 0 && index === 0)) return;
    if (index === 0) {
      this.at = -1;
      return;
    }
    const forward = this.at >= 0 && index > this.at ? index - this.at : index;
    lmdbSkip(this.get, this.cursor, forward === index ? 1 : 0, forward);
    this.at = index;
  }

  close(): void {
    this.lmdb.end('mdb_cursor_close', this.cursor);
    this.lmdb.end('mdb_txn_abort', this.transaction);
    this.lmdb.end('mdb_env_close', this.environment);
  }
}
