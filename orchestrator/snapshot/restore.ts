import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { CremaError, dataError } from '../core/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import { readSolverState } from '../proto/index.ts';
import type { SolverStateFile, WeightBlob, WeightsFile } from './files.ts';
import { decodeStateHdf5, isHdf5 } from './hdf5.ts';
import { checkDigest, readSidecar, type Sidecar } from './sidecar.ts';
import { applyWeights, decodeWeights, readFileOr } from './weights.ts';

/** A snapshot that was read and found whole; nothing of the run has changed yet. */
export interface Snapshot {
  readonly path: string;
  readonly state: SolverStateFile;
  /** The model it names; undefined where it names none. */
  readonly modelPath: string | undefined;
  readonly weights: WeightsFile | undefined;
  /** Undefined for snapshots of Caffe: data cursors and random streams then start afresh. */
  readonly sidecar: Sidecar | undefined;
  /** Those that the side-car's state speaks of. */
  readonly arrays: readonly Float32Array[];
}

/** Decodes a solver state in either form. */
export async function decodeState(bytes: Uint8Array, path: string): Promise<SolverStateFile> {
  if (isHdf5(bytes)) return decodeStateHdf5(bytes, path);
  // A NetParameter starts with its name (field 1, text), a SolverState with its iteration (field 1, number).
  if (bytes[0] === 0x0a || /\.caffemodel(\.h5)?$/.test(path)) {
    throw dataError({
      message: `'${path}' is a caffemodel, not a solver state`,
      expected: 'a .solverstate',
      hint: 'start from weights with --weights, resume with --snapshot',
      code: 'not-a-solverstate',
    });
  }
  try {
    return readSolverState(bytes, path);
  } catch (error) {
    if (error instanceof CremaError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw dataError({ message: `'${path}' is not a readable solver state: ${reason}`, code: 'solverstate' }, error);
  }
}

/** `learned_net` as written, else from the state's folder, else the file of that name beside the state. */
function findModel(learned: string, statePath: string): string {
  const folder = dirname(statePath);
  const places = [join(folder, basename(learned)), ...(isAbsolute(learned) ? [] : [join(folder, learned)]), learned];
  const found = places.find((p) => existsSync(p));
  if (found) return found;
  throw dataError({
    message: `the model '${learned}' that '${statePath}' names is not there`,
    expected: `the file, best beside the state in '${folder}'`,
    code: 'missing-model',
  });
}

/** Reads and checks a snapshot: digests where a side-car tells them, decoding in any case. */
export async function readSnapshot(path: string, net: Net): Promise<Snapshot> {
  const sidecar = readSidecar(path);
  const bytes = sidecar
    ? checkDigest(dirname(path), { ...sidecar.state, file: basename(path) })
    : readFileOr(path, 'solver state');
  const state = await decodeState(bytes, path);
  const arrays = sidecar ? readArrays(path, sidecar) : [];
  if (state.learned_net === '') return { path, state, modelPath: undefined, weights: undefined, sidecar, arrays };
  const modelPath = sidecar ? join(dirname(path), sidecar.model.file) : findModel(state.learned_net, path);
  const model = sidecar ? checkDigest(dirname(path), sidecar.model) : readFileOr(modelPath, 'model');
  return { path, state, modelPath, weights: await decodeWeights(model, modelPath, net), sidecar, arrays };
}

function readArrays(path: string, { arrays }: Sidecar): Float32Array[] {
  if (!arrays) return [];
  const bytes = checkDigest(dirname(path), arrays);
  const all = new Float32Array(bytes.slice().buffer);
  let at = 0;
  return arrays.lengths.map((length) => {
    at += length;
    return all.slice(at - length, at);
  });
}

/** Puts a snapshot into a run: parameters, history. Throws a data CremaError where sizes differ, before anything changes. */
export function applySnapshot(snapshot: Snapshot, net: Net, params: ParamSet, history: readonly WeightBlob[]): void {
  const saved = snapshot.state.history;
  if (saved.length !== history.length) {
    throw dataError({
      message: `'${snapshot.path}' has ${saved.length} history blobs`,
      expected: `${history.length}: net and solver type must be those it was written with`,
      code: 'history-count',
    });
  }
  saved.forEach((blob, i) => {
    if (blob.data.length === history[i]!.data.length) return;
    throw dataError({
      message: `history blob ${i} of '${snapshot.path}' is [${blob.shape.join(' ')}]`,
      expected: `[${history[i]!.shape.join(' ')}]`,
      code: 'history-shape',
    });
  });
  if (snapshot.weights) applyWeights(snapshot.weights, snapshot.modelPath!, net, params);
  for (const [i, blob] of saved.entries()) history[i]!.data.set(blob.data);
}

/** Solver states with this prefix, newest first. */
export function listSnapshots(prefix: string): string[] {
  const folder = dirname(prefix);
  const start = `${basename(prefix)}_iter_`;
  const found: { path: string; iteration: number }[] = [];
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    const match = file.startsWith(start) ? /^(\d+)\.solverstate(\.h5)?$/.exec(file.slice(start.length)) : null;
    if (match) found.push({ path: join(folder, file), iteration: Number(match[1]) });
  }
  found.sort((a, b) => b.iteration - a.iteration || (a.path < b.path ? -1 : 1));
  return found.map((f) => f.path);
}

/**
 * The newest whole snapshot with this prefix, or undefined where there is none. Damaged ones, and ones whose writing was
 * cut off before the side-car, are passed over with a notice.
 */
export async function newestSnapshot(
  prefix: string,
  net: Net,
  notice: (message: string) => void,
): Promise<Snapshot | undefined> {
  const withoutSidecar: Snapshot[] = [];
  for (const path of listSnapshots(prefix)) {
    try {
      const snapshot = await readSnapshot(path, net);
      if (snapshot.sidecar) {
        for (const passed of withoutSidecar)
          notice(`passed over '${passed.path}': it has no side-car, its writing was cut off`);
        return snapshot;
      }
      withoutSidecar.push(snapshot);
    } catch (error) {
      if (!(error instanceof CremaError) || error.kind === 'internal') throw error;
      notice(`passed over '${path}': ${error.message}`);
    }
  }
  return withoutSidecar[0];
}
