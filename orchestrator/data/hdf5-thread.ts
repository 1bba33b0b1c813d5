import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { Dataset, Group, File as Hdf5File } from 'h5wasm/node';
import { dataError } from '../core/index.ts';
import type { Hdf5Dataset, Hdf5Request, Hdf5Values } from './hdf5.ts';
import { packFailure } from './thread.ts';

type Library = typeof import('h5wasm/node').h5wasm;

async function library(): Promise<Library> {
  let module: typeof import('h5wasm/node');
  try {
    module = await import('h5wasm/node');
  } catch (cause) {
    throw dataError(
      {
        message: 'HDF5 needs the package h5wasm, which is not installed',
        hint: 'npm install h5wasm',
        code: 'no-h5wasm',
      },
      cause,
    );
  }
  // The C library prints its errors past the thread's stderr unless they are thrown.
  const { activate_throwing_error_handler: silence } = (await module.ready) as {
    activate_throwing_error_handler?: () => void;
  };
  silence?.();
  return module.h5wasm ?? (module.default as Library);
}

function toFloat(values: unknown, path: string, name: string): Float32Array {
  if (values instanceof Float32Array) return values;
  if (values instanceof BigInt64Array || values instanceof BigUint64Array) return Float32Array.from(values, Number);
  if (ArrayBuffer.isView(values)) return Float32Array.from(values as Float64Array);
  if (typeof values === 'number' || typeof values === 'bigint') return Float32Array.of(Number(values));
  throw dataError({
    message: `${path}: the dataset "${name}" holds no numbers`,
    expected: 'floats or integers',
    code: 'bad-hdf5',
  });
}

/** Datasets of a file with their paths, groups walked in order. */
function* walk(group: Group, prefix = ''): Generator<[string, Dataset]> {
  for (const key of group.keys()) {
    const entry = group.get(key);
    if (!entry || !('type' in entry)) continue;
    if (entry.type === 'Dataset') yield [prefix + key, entry as Dataset];
    else if (entry.type === 'Group') yield* walk(entry as Group, `${prefix}${key}/`);
  }
}

function read(file: Hdf5File, path: string, names: readonly string[] | undefined, raw: boolean): Hdf5Dataset[] {
  const all = new Map(walk(file));
  const wanted = names ?? [...all.keys()];
  return wanted.map((name) => {
    const dataset = all.get(name);
    if (!dataset) {
      throw dataError({
        message: `${path} has no dataset "${name}"`,
        expected: `one of ${[...all.keys()].slice(0, 20).join(', ') || 'none'} (a dataset for each top)`,
        code: 'no-dataset',
      });
    }
    const value: unknown = dataset.value;
    const shape = dataset.shape ?? [];
    if (value === null) throw dataError({ message: `${path}: the dataset "${name}" cannot be read`, code: 'bad-hdf5' });
    return { name, shape, data: raw && isRaw(value) ? value : toFloat(value, path, name) };
  });
}

const isRaw = (value: unknown): value is Hdf5Values => ArrayBuffer.isView(value) || typeof value === 'string';

function write(file: Hdf5File, datasets: readonly Hdf5Dataset[], growing: boolean): void {
  for (const { name, shape, data } of datasets) {
    const parts = name.split('/');
    let group: Group = file;
    for (const part of parts.slice(0, -1)) group = (group.get(part) as Group | null) ?? group.create_group(part);
    const last = parts.at(-1)!;
    const grow = growing && shape.length > 0 ? { maxshape: [null, ...shape.slice(1)], chunks: [...shape] } : {};
    group.create_dataset({ name: last, data, shape: [...shape], ...grow });
  }
}

/** Adds rows at the end of datasets that were written as growing ones. */
function append(file: Hdf5File, path: string, datasets: readonly Hdf5Dataset[]): void {
  for (const { name, shape, data } of datasets) {
    const dataset = file.get(name) as Dataset | null;
    const old = dataset?.shape;
    if (!dataset || !old || old.length !== shape.length || old.some((d, i) => i > 0 && d !== shape[i])) {
      throw dataError({
        message: `${path}: "${name}" is [${old?.join(' ')}] and cannot take rows of [${shape.join(' ')}]`,
        code: 'bad-hdf5',
      });
    }
    const rows = old[0]! + shape[0]!;
    dataset.resize([rows, ...shape.slice(1)]);
    dataset.write_slice([[old[0]!, rows], ...shape.slice(1).map((): [] => [])], data);
  }
}

async function handle(request: Hdf5Request): Promise<Hdf5Dataset[]> {
  const h5 = await library();
  const mode = request.do === 'read' ? 'r' : request.do === 'append' ? 'a' : 'w';
  let opened: Hdf5File | undefined;
  let file: Hdf5File;
  try {
    opened = new h5.File(request.path, mode);
    file = opened;
    if (mode === 'r') file.keys();
  } catch (cause) {
    // The library knows files by their inode: one left open would answer for whatever is written there next.
    closeQuietly(opened);
    throw dataError(
      {
        message: `${request.path} cannot be opened as HDF5: ${reasonOf(cause)}`,
        expected: 'an HDF5 file',
        code: 'bad-hdf5',
      },
      cause,
    );
  }
  try {
    if (request.do === 'read') return read(file, request.path, request.names, request.raw ?? false);
    if (request.do === 'append') append(file, request.path, request.datasets);
    else write(file, request.datasets, request.growing ?? false);
    return [];
  } finally {
    file.close();
  }
}

function closeQuietly(file: Hdf5File | undefined): void {
  try {
    file?.close();
  } catch {
    // What made it unreadable is the error to tell.
  }
}

/** The innermost line of the C library's error stack, or the whole message. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return [...text.matchAll(/^\s*#\d+: .* line \d+ in (.*)$/gm)].at(-1)?.[1] ?? text;
}

if (parentPort) {
  const { port, control } = workerData as { port: MessagePort; control: Int32Array };
  port.on('message', async (request: Hdf5Request) => {
    let answer: unknown;
    let transfer: ArrayBuffer[] = [];
    try {
      const datasets = await handle(request);
      transfer = datasets.flatMap(({ data }) => (typeof data === 'string' ? [] : [data.buffer as ArrayBuffer]));
      answer = { datasets };
    } catch (error) {
      const failure = packFailure(error);
      // What the C library says of a damaged file comes as plain errors.
      answer =
        failure.kind !== 'internal'
          ? failure
          : {
              kind: 'data',
              problems: [
                {
                  message: `${request.path}: ${reasonOf(error)}`,
                  code: 'bad-hdf5',
                },
              ],
            };
    }
    port.postMessage(answer, [...new Set(transfer)]);
    Atomics.add(control, 0, 1);
    Atomics.notify(control, 0);
  });
}
