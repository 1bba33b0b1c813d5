import type { Net, ParamSet } from '../net/index.ts';
import { writeSolverState, writeWeights } from '../proto/index.ts';
import { type FileCalls, fileCalls, writeAtomically } from './atomic.ts';
import type { WeightBlob } from './files.ts';
import { encodeStateHdf5, encodeWeightsHdf5 } from './hdf5.ts';
import { digest, type LayerState, type Sidecar, sidecarPath } from './sidecar.ts';
import { collectWeights } from './weights.ts';

export type SnapshotFormat = 'binary' | 'hdf5';

/** All that a run needs to go on. */
export interface SnapshotContent {
  readonly net: Net;
  readonly params: ParamSet;
  /** In Caffe's order: one blob for each learnable param, then the second set where the rule has two. */
  readonly history: readonly WeightBlob[];
  readonly iteration: number;
  readonly currentStep: number;
  readonly nets: readonly (readonly LayerState[])[];
  readonly loop: Readonly<Record<string, unknown>>;
  /** Large state that does not belong into JSON (the gradient window of a precision policy). */
  readonly arrays?: readonly Float32Array[];
}

export interface SnapshotPaths {
  readonly model: string;
  readonly state: string;
  readonly sidecar: string;
}

export function snapshotPaths(prefix: string, iteration: number, format: SnapshotFormat): SnapshotPaths {
  const ending = format === 'hdf5' ? '.h5' : '';
  const state = `${prefix}_iter_${iteration}.solverstate${ending}`;
  return { model: `${prefix}_iter_${iteration}.caffemodel${ending}`, state, sidecar: sidecarPath(state) };
}

/** The caffemodel alone, in memory. */
export async function encodeModel(net: Net, params: ParamSet, format: SnapshotFormat): Promise<Uint8Array> {
  if (format === 'hdf5') return encodeWeightsHdf5(collectWeights(net, params, false));
  const { name, layers } = collectWeights(net, params, true);
  return writeWeights({ name, layers: layers.map((l) => ({ ...l, blobs: l.blobs.map((b) => b!) })) });
}

/**
 * Writes model, state, arrays where there are any, and side-car, each atomically and in this order, so that a crash leaves the former snapshot whole.
 * Equal states give equal bytes in binary form. Throws a data CremaError where the disk refuses.
 */
export async function writeSnapshot(
  prefix: string,
  format: SnapshotFormat,
  content: SnapshotContent,
  calls: FileCalls = fileCalls,
): Promise<SnapshotPaths> {
  const paths = snapshotPaths(prefix, content.iteration, format);
  const model = await encodeModel(content.net, content.params, format);
  writeAtomically(paths.model, model, calls);
  const solverState = {
    iter: content.iteration,
    learned_net: paths.model,
    current_step: content.currentStep,
    history: content.history.map((blob) => ({ shape: [...blob.shape], data: blob.data })),
  };
  const state = format === 'hdf5' ? await encodeStateHdf5(solverState) : writeSolverState(solverState);
  writeAtomically(paths.state, state, calls);
  const arrays = content.arrays ?? [];
  const packed = Buffer.concat(arrays.map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength)));
  const arraysPath = paths.sidecar.replace(/\.json$/, '.f32');
  if (arrays.length > 0) writeAtomically(arraysPath, packed, calls);
  const sidecar: Sidecar = {
    crema: 1,
    iteration: content.iteration,
    model: digest(paths.model, model),
    state: digest(paths.state, state),
    nets: content.nets,
    loop: content.loop,
    ...(arrays.length > 0 && { arrays: { ...digest(arraysPath, packed), lengths: arrays.map((a) => a.length) } }),
  };
  writeAtomically(paths.sidecar, Buffer.from(`${JSON.stringify(sidecar, null, 1)}\n`), calls);
  return paths;
}
