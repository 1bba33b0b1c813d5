import { renameSync, rmSync } from 'node:fs';
import { dataError, makeFolder } from '../core/index.ts';
import { withAddresses } from '../native/index.ts';
import { describePath, statOf } from './files.ts';
import { Lmdb, MDB, MDB_MAP_FULL } from './lmdb.ts';

/** Records put in one transaction, as Caffe's converters do. */
const COMMIT = 1000;
const FIRST_MAP = 2 ** 26;

/**
 * Writes an LMDB that Caffe reads: keys `%08d`, values as given. It grows in a folder beside the wanted one, which appears only when `finish`
 * has synced it: an interrupted run leaves no half set under the name.
 */
export class LmdbWriter {
  private readonly path: string;
  private readonly making: string;
  private readonly lmdb = new Lmdb();
  private readonly environment: bigint;
  private mapSize = FIRST_MAP;
  private pending: Uint8Array[] = [];
  private written = 0;
  private open = true;

  constructor(path: string) {
    if (statOf(path)) {
      throw dataError({
        message: `the target is taken: ${describePath(path)}`,
        hint: 'name another folder or remove it',
        code: 'exists',
      });
    }
    this.path = path;
    this.making = `${path}.making-${process.pid}`;
    makeFolder(this.making);
    this.environment = this.lmdb.open(this.making, MDB.noLock, (environment) => this.resize(environment, FIRST_MAP));
  }

  /** Adds the next value; `value` must not change until `finish`. */
  put(value: Uint8Array): void {
    this.pending.push(value);
    if (this.pending.length >= COMMIT) this.commit();
  }

  /** Commits what is pending, growing the map where it is full. */
  private commit(): void {
    while (this.pending.length > 0 && !this.tryCommit()) this.resize(this.environment, this.mapSize * 2);
    this.pending = [];
  }

  private tryCommit(): boolean {
    const what = `LMDB ${this.path}`;
    const transaction = this.lmdb.begin(this.environment, 0, this.path);
    const database = this.lmdb.database(transaction, 0, this.path);
    const key = new BigUint64Array(2);
    const data = new BigUint64Array(2);
    for (const [i, value] of this.pending.entries()) {
      const name = Buffer.from(String(this.written + i).padStart(8, '0'));
      const types = ['pointer', 'u32', 'pointer', 'pointer', 'u32'] as const;
      // Beyond 10^8 records keys of nine digits sort before some of eight: only then is the order left to LMDB.
      const flags = this.written + i < 1e8 ? MDB.append : 0;
      const code = withAddresses([name, value], ([nameAt, valueAt]) => {
        key.set([BigInt(name.length), nameAt!]);
        data.set([BigInt(value.length), valueAt!]);
        return this.lmdb.call('mdb_put', types, transaction, database, key, data, flags);
      });
      if (code === 0) continue;
      this.lmdb.end('mdb_txn_abort', transaction);
      if (code === MDB_MAP_FULL) return false;
      this.lmdb.check(code, what);
    }
    const code = this.lmdb.call('mdb_txn_commit', ['pointer'], transaction);
    if (code === MDB_MAP_FULL) return false;
    this.lmdb.check(code, what);
    this.written += this.pending.length;
    return true;
  }

  private resize(environment: bigint, size: number): void {
    this.mapSize = size;
    this.lmdb.check(this.lmdb.call('mdb_env_set_mapsize', ['pointer', 'size'], environment, size), `LMDB ${this.path}`);
  }

  /** Writes the rest and puts the set in place. Returns the number of records. */
  finish(): number {
    this.commit();
    this.lmdb.check(this.lmdb.call('mdb_env_sync', ['pointer', 'i32'], this.environment, 1), `LMDB ${this.path}`);
    this.close();
    renameSync(this.making, this.path);
    return this.written;
  }

  /** Gives up and removes what was written. */
  abort(): void {
    this.close();
    rmSync(this.making, { recursive: true, force: true });
  }

  private close(): void {
    if (this.open) this.lmdb.end('mdb_env_close', this.environment);
    this.open = false;
  }
}
