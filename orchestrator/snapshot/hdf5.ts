import { dataError } from '../core/index.ts';
import type { SolverStateFile, WeightBlob, WeightsFile } from './files.ts';

type H5 = typeof import('h5wasm/node');
let loaded: Promise<H5> | undefined;
let serial = 0;

/** The HDF5 library comes in at its first use; it is optional in the installation. */
async function library(): Promise<{ h5: H5; fs: NonNullable<H5['FS']> }> {
  loaded ??= import('h5wasm/node').then(async (h5) => {
    // The C library prints its errors unless they are thrown.
    const { activate_throwing_error_handler: silence } = (await h5.ready) as {
      activate_throwing_error_handler?: () => void;
    };
    silence?.();
    return h5;
  });
  try {
    const h5 = await loaded;
    return { h5, fs: (await h5.ready).FS };
  } catch (error) {
    loaded = undefined;
    throw dataError(
      { message: 'HDF5 files need the package h5wasm', hint: 'npm install h5wasm', code: 'no-hdf5' },
      error,
    );
  }
}

/** Builds an HDF5 file in memory. */
async function build(fill: (file: InstanceType<H5['File']>) => void): Promise<Uint8Array> {
  const { h5, fs } = await library();
  const path = `/snapshot${serial++}.h5`;
  const file = new h5.File(path, 'w');
  try {
    fill(file);
  } finally {
    file.close();
  }
  const bytes = fs.readFile(path);
  fs.unlink(path);
  return bytes as Uint8Array;
}

/** Reads from the bytes of an HDF5 file; anything the library refuses becomes a data CremaError. */
async function read<T>(bytes: Uint8Array, name: string, take: (file: InstanceType<H5['File']>) => T): Promise<T> {
  const { h5, fs } = await library();
  const path = `/snapshot${serial++}.h5`;
  fs.writeFile(path, bytes);
  try {
    const file = new h5.File(path, 'r');
    try {
      return take(file);
    } finally {
      file.close();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw dataError({ message: `'${name}' is not a readable HDF5 snapshot: ${reason}`, code: 'hdf5-snapshot' }, error);
  } finally {
    fs.unlink(path);
  }
}

interface DatasetLike {
  readonly shape: number[] | null;
  readonly value: unknown;
}

const isDataset = (entity: unknown): entity is DatasetLike =>
  typeof entity === 'object' && entity !== null && 'shape' in entity && 'value' in entity;

function blobOf(entity: unknown): WeightBlob {
  if (!isDataset(entity) || !(entity.value instanceof Float32Array || entity.value instanceof Float64Array)) {
    throw new Error('a blob is no floating-point dataset');
  }
  return { shape: entity.shape ?? [], data: Float32Array.from(entity.value) };
}

/** `/data/<layer>/<slot>`: one dataset for each blob that owns its memory, as Caffe writes them. */
export function encodeWeightsHdf5(weights: WeightsFile): Promise<Uint8Array> {
  return build((file) => {
    file.create_group('data');
    for (const layer of weights.layers) {
      let path = 'data';
      for (const part of layer.name.split('/')) {
        const parent = file.get(path) as InstanceType<H5['Group']>;
        if (!parent.keys().includes(part)) parent.create_group(part);
        path += `/${part}`;
      }
      const group = file.get(path) as InstanceType<H5['Group']>;
      layer.blobs.forEach((blob, slot) => {
        if (blob) group.create_dataset({ name: String(slot), data: blob.data, shape: [...blob.shape], dtype: '<f' });
      });
    }
  });
}

/** Blobs of the layers named; layers that are not in the file are left out, missing slots are undefined. */
export function decodeWeightsHdf5(
  bytes: Uint8Array,
  name: string,
  layers: readonly { name: string; slots: number }[],
): Promise<WeightsFile> {
  return read(bytes, name, (file) => {
    const data = file.get('data');
    if (!data) throw new Error('no group /data');
    return {
      name: '',
      layers: layers.flatMap((layer) => {
        const group = file.get(`data/${layer.name}`);
        if (!group || !('keys' in group)) return [];
        const keys = new Set((group as InstanceType<H5['Group']>).keys());
        const blobs = Array.from({ length: layer.slots }, (_, slot) =>
          keys.has(String(slot)) ? blobOf((group as InstanceType<H5['Group']>).get(String(slot))) : undefined,
        );
        return [{ name: layer.name, type: '', blobs }];
      }),
    };
  });
}

/** `iter`, `current_step`, `learned_net` and `/history/<i>`. The string keeps its NUL: Caffe reads it as a C string. */
export function encodeStateHdf5(state: SolverStateFile): Promise<Uint8Array> {
  return build((file) => {
    const learned = state.learned_net;
    file.create_dataset({ name: 'iter', data: Int32Array.of(state.iter), shape: [1], dtype: '<i' });
    file.create_dataset({ name: 'learned_net', data: learned, shape: [], dtype: `S${Buffer.byteLength(learned) + 1}` });
    file.create_dataset({ name: 'current_step', data: Int32Array.of(state.current_step), shape: [1], dtype: '<i' });
    const history = file.create_group('history');
    state.history.forEach((blob, i) => {
      history.create_dataset({ name: String(i), data: blob.data, shape: [...blob.shape], dtype: '<f' });
    });
  });
}

export function decodeStateHdf5(bytes: Uint8Array, name: string): Promise<SolverStateFile> {
  return read(bytes, name, (file) => {
    const integer = (field: string, missing?: number): number => {
      const entity = file.get(field);
      if (!entity && missing !== undefined) return missing;
      if (!isDataset(entity))
        throw new Error(`no dataset '${field}'${file.get('data') ? ': this is a caffemodel' : ''}`);
      return Number(ArrayBuffer.isView(entity.value) ? (entity.value as Int32Array)[0] : entity.value);
    };
    const iter = integer('iter');
    const learned = file.get('learned_net');
    const history = file.get('history') as InstanceType<H5['Group']> | null;
    const count = history?.keys().length ?? 0;
    return {
      iter,
      current_step: integer('current_step', 0),
      learned_net: isDataset(learned) ? String(learned.value).replace(/\0.*$/s, '') : '',
      history: Array.from({ length: count }, (_, i) => blobOf(history!.get(String(i)))),
    };
  });
}

/** The eight bytes every HDF5 file starts with. */
export const isHdf5 = (bytes: Uint8Array): boolean =>
  bytes.length >= 8 &&
  Buffer.from(bytes.buffer, bytes.byteOffset, 8).equals(Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'));
