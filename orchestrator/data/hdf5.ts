import { dataError } from '../core/index.ts';
import { describePath, firstBytes, statOf } from './files.ts';
import { awaitChange, raise, startThread, type Thread } from './thread.ts';

export type Hdf5Values =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | BigInt64Array
  | string;

export interface Hdf5Dataset {
  /** Path within the file, groups parted by slashes. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Hdf5Values;
}

export interface FloatDataset extends Hdf5Dataset {
  readonly data: Float32Array;
}

export type Hdf5Request =
  | {
      readonly do: 'read';
      readonly path: string;
      readonly names?: readonly string[] | undefined;
      readonly raw?: boolean;
    }
  | {
      readonly do: 'write';
      readonly path: string;
      readonly datasets: readonly Hdf5Dataset[];
      readonly growing?: boolean;
    }
  | { readonly do: 'append'; readonly path: string; readonly datasets: readonly Hdf5Dataset[] };

/**
 * HDF5 files by h5wasm, which starts asynchronously: it lives in a thread, and these calls wait for its answers, so that nets, which are
 * synchronous, can use it. Close it when done: it holds some 50 MB.
 */
export class Hdf5 {
  private readonly control = new Int32Array(new SharedArrayBuffer(4));
  private thread: Thread | undefined;
  private answered = 0;
  private asked = 0;

  /** The named datasets (all where none are named) as float32, whatever numbers the file holds. */
  read(path: string, names?: readonly string[]): FloatDataset[] {
    checkFile(path);
    return this.wait(this.ask({ do: 'read', path, names })) as FloatDataset[];
  }

  /** Datasets as they are stored; strings too. */
  readRaw(path: string, names?: readonly string[]): Hdf5Dataset[] {
    checkFile(path);
    return this.wait(this.ask({ do: 'read', path, names, raw: true }));
  }

  /** Begins to read; `finish` of the result waits for it. Answers come in the order of asking. */
  readAhead(path: string, names: readonly string[]): { finish(): FloatDataset[] } {
    checkFile(path);
    const ticket = this.ask({ do: 'read', path, names });
    return { finish: () => this.wait(ticket) as FloatDataset[] };
  }

  /** Writes a new file. `growing`: rows can be added later. */
  write(path: string, datasets: readonly Hdf5Dataset[], growing = false): void {
    this.wait(this.ask({ do: 'write', path, datasets, growing }));
  }

  append(path: string, datasets: readonly Hdf5Dataset[]): void {
    this.wait(this.ask({ do: 'append', path, datasets }));
  }

  private ask(request: Hdf5Request): number {
    this.thread ??= startThread('hdf5-thread', { control: this.control });
    this.thread.port.postMessage(request);
    return ++this.asked;
  }

  private wait(ticket: number): Hdf5Dataset[] {
    if (ticket !== this.answered + 1) throw dataError({ message: 'HDF5 answers are taken in the order of asking' });
    const thread = this.thread;
    if (!thread) throw dataError({ message: 'the HDF5 reader is closed' });
    while (Atomics.load(this.control, 0) <= this.answered)
      awaitChange(thread, this.control, 0, this.answered, 'the HDF5 reader');
    this.answered++;
    const answer = thread.receive() as { datasets: Hdf5Dataset[] } | undefined;
    if (answer?.datasets) return answer.datasets;
    raise(answer, 'the HDF5 reader');
  }

  close(): void {
    this.thread?.end();
    this.thread = undefined;
  }
}

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Refuses what is no HDF5 file in words. A user block may put the signature at 512, 1024 …; those are left to the library. */
function checkFile(path: string): void {
  const stats = statOf(path);
  const head = firstBytes(path, 8);
  if (stats?.isFile() && (SIGNATURE.every((byte, i) => head[i] === byte) || stats.size > 512)) return;
  throw dataError({
    message: `no HDF5 file to read: ${describePath(path)}`,
    expected: 'an HDF5 file',
    code: 'no-hdf5',
  });
}

/** Runs `body` with an HDF5 reader and closes it. */
export function withHdf5<T>(body: (hdf5: Hdf5) => T): T {
  const hdf5 = new Hdf5();
  try {
    return body(hdf5);
  } finally {
    hdf5.close();
  }
}
