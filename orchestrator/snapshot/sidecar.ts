import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dataError } from '../core/index.ts';
import type { Net } from '../net/index.ts';

/** A file as it was written. */
export interface FileDigest {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a layer needs beyond its parameters to go on exactly: position of its random stream, data cursor. */
export interface LayerState {
  readonly name: string;
  readonly random: number;
  readonly state?: unknown;
}

/**
 * What Caffe's two files cannot hold, in `<prefix>_iter_<n>.crema.json`. Written last: a pair with a matching side-car is
 * complete. It holds no times, so equal states give equal bytes.
 */
export interface Sidecar {
  readonly crema: 1;
  readonly iteration: number;
  readonly model: FileDigest;
  readonly state: FileDigest;
  /** Train net first, then the test nets. */
  readonly nets: readonly (readonly LayerState[])[];
  /** State of the training loop and of policies, by name. */
  readonly loop: Readonly<Record<string, unknown>>;
  /** Arrays that the state speaks of, one after another: little-endian float32 in `<prefix>_iter_<n>.crema.f32`. */
  readonly arrays?: FileDigest & { readonly lengths: readonly number[] };
}

export function digest(path: string, bytes: Uint8Array): FileDigest {
  return { file: basename(path), bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export const sidecarPath = (statePath: string): string =>
  `${statePath.replace(/\.solverstate(\.h5)?$/, '')}.crema.json`;

/** State of a net's layers, for those that have any. */
export function saveLayers(net: Net): LayerState[] {
  return net.layers.flatMap((layer): LayerState[] => {
    const state = layer.layer.saveState?.();
    const random = layer.random.position;
    return state === undefined && random === 0
      ? []
      : [{ name: layer.name, random, ...(state === undefined ? {} : { state }) }];
  });
}

export function loadLayers(net: Net, states: readonly LayerState[]): void {
  const byName = new Map(states.map((s) => [s.name, s]));
  for (const layer of net.layers) {
    const saved = byName.get(layer.name);
    if (!saved) continue;
    layer.random.position = saved.random;
    if (saved.state !== undefined) layer.layer.loadState?.(saved.state);
  }
}

/** The side-car of a state file; undefined where there is none (a snapshot of Caffe). */
export function readSidecar(statePath: string): Sidecar | undefined {
  const path = sidecarPath(statePath);
  if (!existsSync(path)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw dataError(
      { message: `'${path}' is damaged`, hint: 'resume from an older snapshot: --resume auto', code: 'sidecar' },
      error,
    );
  }
  const sidecar = value as Sidecar;
  if (typeof value !== 'object' || value === null || sidecar.crema !== 1 || !sidecar.model || !sidecar.state) {
    throw dataError({ message: `'${path}' is of another version`, expected: '"crema": 1', code: 'sidecar' });
  }
  return sidecar;
}

/** Throws a data CremaError where a file is not the one that the side-car was written with. */
export function checkDigest(folder: string, expected: FileDigest): Uint8Array {
  const path = join(folder, expected.file);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw dataError(
      { message: `cannot read '${path}'`, hint: '--resume auto takes the newest whole snapshot', code: 'snapshot' },
      error,
    );
  }
  const found = digest(path, bytes);
  if (found.bytes === expected.bytes && found.sha256 === expected.sha256) return bytes;
  throw dataError({
    message: `'${path}' is damaged: ${found.bytes} bytes, SHA-256 ${found.sha256.slice(0, 12)}…`,
    expected: `${expected.bytes} bytes, SHA-256 ${expected.sha256.slice(0, 12)}…`,
    hint: '--resume auto takes the newest whole snapshot',
    code: 'snapshot',
  });
}
