import { join } from 'node:path';
import { inputError } from '../../core/index.ts';
import { Session, type SessionSettings } from '../../executor/index.ts';
import { buildNet, closeNet, createParams } from '../../net/index.ts';
import { type NetParameter, parseNet, readSolverState, upgradeNet } from '../../proto/index.ts';
import { loadWeights } from '../../snapshot/index.ts';
import type { RunState } from '../../solver/index.ts';
import { readInput } from '../nets.ts';
import { writeCheckpoint } from './checkpoint.ts';
import { type CutNet, type CutSettings, cutNet } from './cut.ts';

export interface PruneModelRequest {
  readonly model: string;
  readonly weights: readonly string[];
  /** Solver state whose history goes along. */
  readonly snapshot?: string | undefined;
  readonly level: number;
  readonly cut: CutSettings;
  readonly session: SessionSettings;
  readonly seed: number;
  /** Folder for `net.prototxt`, `net.caffemodel` and, with a snapshot, `net.solverstate`; nothing is written without one. */
  readonly out?: string | undefined;
}

/** A net's text and parameters from files. Without weights the fillers' are taken. */
export async function readTrained(
  model: string,
  weights: readonly string[],
  seed: number,
  snapshot?: string,
): Promise<{ text: NetParameter; state: RunState }> {
  const text = upgradeNet(parseNet(readInput(model, 'net'), model));
  const net = buildNet(text, { phase: 'TRAIN', file: model, seed });
  try {
    const params = createParams(net, seed);
    for (const file of weights) await loadWeights(file, net, params);
    const values = new Map(net.params.map(({ key, index }) => [key, params.blobs[index]!.data]));
    if (!snapshot) return { text, state: { weights: values } };
    const stored = readSolverState(readInput(snapshot, 'solver state'), snapshot);
    const lengths = net.learnable.map((index) => params.blobs[index]!.count);
    const fits = stored.history.every(({ data }, i) => data.length === lengths[i % lengths.length]);
    if (!fits || stored.history.length % lengths.length !== 0) {
      throw inputError({
        message: `${snapshot} is of another net than ${model}`,
        expected: `${lengths.length} history blobs of its parameters`,
        code: 'history-shape',
      });
    }
    const history = stored.history.map(({ data }) => Float32Array.from(data));
    return { text, state: { weights: values, history, iteration: stored.iter, currentStep: stored.current_step } };
  } finally {
    closeNet(net);
  }
}

/** Prunes a net from files to files. Trains nothing. */
export async function pruneModel(request: PruneModelRequest): Promise<CutNet> {
  const { model, seed, out } = request;
  const { text, state } = await readTrained(model, request.weights, seed, request.snapshot);
  const session = new Session(request.session);
  try {
    const cut = cutNet(text, model, state, request.level, { ...request.cut, seed }, session);
    if (out !== undefined) await writeCheckpoint(join(out, 'net'), model, cut.text, cut.state);
    return cut;
  } finally {
    session.close();
  }
}
