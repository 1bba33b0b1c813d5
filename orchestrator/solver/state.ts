import { internalError } from '../core/index.ts';
import type { Execution } from '../executor/index.ts';
import { type LayerState, loadLayers, saveLayers } from '../snapshot/index.ts';
import type { SmoothedLoss, SmoothedState } from './loss.ts';
import type { RateSchedule } from './rates.ts';
import type { Updater } from './update.ts';

/** What a run holds in memory, to go on with it over other nets (pruning) or from weights that no file has. */
export interface RunState {
  /** By key `layer[slot]`. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** As in a solver state: one for each learnable parameter, then the second set. */
  readonly history?: readonly Float32Array[] | undefined;
  readonly iteration?: number | undefined;
  readonly currentStep?: number | undefined;
  readonly smoothed?: unknown;
  /** Data cursors and random positions, of the train net and the test nets. */
  readonly nets?: readonly (readonly LayerState[])[] | undefined;
}

interface Running {
  readonly train: Execution;
  readonly tests: readonly Execution[];
  iteration: number;
}

/** A copy of everything, parameters and history included. */
export function copyState(run: Running, updater: Updater, schedule: RateSchedule, smoothed: SmoothedLoss): RunState {
  const { net, params } = run.train;
  return {
    weights: new Map(net.params.map(({ key, index }) => [key, params.blobs[index]!.data.slice()])),
    history: updater.history.map(({ data }) => data.slice()),
    iteration: run.iteration,
    currentStep: schedule.currentStep,
    smoothed: smoothed.save(),
    nets: [run.train, ...run.tests].map((e) => saveLayers(e.net)),
  };
}

function fill(what: string, to: Float32Array, from: Float32Array | undefined): void {
  if (from?.length !== to.length) throw internalError(`${what}: ${from?.length} elements for ${to.length}`);
  to.set(from);
}

/** Puts a state into a run. What the state leaves out stays as it is. */
export function putState(
  state: RunState,
  run: Running,
  updater: Updater,
  schedule: RateSchedule,
  smoothed: SmoothedLoss,
): void {
  const { net, params } = run.train;
  for (const { key, index } of net.params) fill(key, params.blobs[index]!.data, state.weights.get(key));
  if (state.history) {
    for (const [i, { data }] of updater.history.entries()) fill(`history ${i}`, data, state.history[i]);
    updater.markRestored();
  }
  run.iteration = state.iteration ?? run.iteration;
  schedule.currentStep = state.currentStep ?? schedule.currentStep;
  if (state.smoothed) smoothed.load(state.smoothed as SmoothedState);
  const executions = [run.train, ...run.tests];
  if (state.nets) for (const [i, e] of executions.entries()) loadLayers(e.net, state.nets[i] ?? []);
  for (const e of executions) e.parametersChanged();
}
