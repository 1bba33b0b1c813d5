import { join } from 'node:path';
import type { EventSink } from '../../core/index.ts';
import type { Session } from '../../executor/index.ts';
import { type NetParameter, type SolverParameter, upgradeNet } from '../../proto/index.ts';
import type { RunState } from '../../solver/index.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { type CutSettings, cutNet } from './cut.ts';
import { type DataSources, withRecords, withRecordsOf } from './data.ts';
import { type Schedule, trainWatched, type WatchedTraining } from './watched.ts';

/** A net that is to be pruned and trained again, and everything that stays the same while it is. */
export interface PruneTask {
  readonly text: NetParameter;
  readonly file: string;
  readonly solver: SolverParameter;
  readonly data: DataSources;
  readonly session: Session;
  readonly seed: number;
  readonly cut: CutSettings;
  /** Before pruning, on the same data, at a low rate. 0 epochs leave it out. */
  readonly fineTune: Schedule;
  readonly retrain: Schedule;
  /** Checkpoints go there. */
  readonly runDirectory: string;
  readonly sinks?: readonly EventSink[] | undefined;
}

/** A net and the state to go on from. */
export interface Trained {
  readonly text: NetParameter;
  readonly state: RunState;
}

/** A stage's outcome as plain JSON. */
export interface LevelResult {
  /** Share asked for and share removed. */
  readonly level: number;
  readonly reached: number;
  readonly reason?: string;
  readonly parameters: number;
  /** Filters of each layer that is narrower. */
  readonly widths: Readonly<Record<string, number>>;
  /** Accuracy on validation data at the best epoch. */
  readonly validation: number;
  readonly epoch: number;
  readonly curve: readonly number[];
  /** Path of the checkpoint from the run directory, without ending. */
  readonly checkpoint: string;
}

export const trainOn = (task: PruneTask, { text, state }: Trained, schedule: Schedule): Promise<WatchedTraining> =>
  trainWatched({ ...task, text, start: state, schedule, train: task.data.train, validation: task.data.validation });

/** Fine-tunes on the task's data and writes the checkpoint from which levels are cut. */
export async function fineTune(
  task: PruneTask,
  start: Trained,
  name: string,
): Promise<{ validation: number | null; checkpoint: string }> {
  const path = join(task.runDirectory, name);
  if (task.fineTune.epochs === 0) {
    await writeCheckpoint(path, task.file, start.text, start.state);
    return { validation: null, checkpoint: name };
  }
  const fitted = await trainOn(task, start, task.fineTune);
  await writeCheckpoint(path, task.file, start.text, fitted.last);
  return { validation: fitted.curve.at(-1) ?? null, checkpoint: name };
}

/** Cuts a net to a level, trains it again and keeps the weights of the best epoch. History of the optimiser goes along. */
export async function cutAndRetrain(
  task: PruneTask,
  start: Trained,
  level: number,
  name: string,
): Promise<LevelResult> {
  const asked = withRecords(start.text, task.data.train);
  const { text, state, ...pruned } = cutNet(
    asked,
    task.file,
    start.state,
    level,
    { ...task.cut, seed: task.seed },
    task.session,
  );
  const cut = withRecordsOf(text, upgradeNet(start.text));
  const fitted = await trainOn(task, { text: cut, state }, task.retrain);
  await writeCheckpoint(join(task.runDirectory, name), task.file, cut, { ...fitted.last, weights: fitted.best });
  return {
    level,
    reached: pruned.level.reached,
    ...(pruned.reason ? { reason: pruned.reason } : {}),
    parameters: pruned.parameters.after,
    widths: Object.fromEntries(pruned.layers.filter((l) => l.after < l.before).map((l) => [l.layer, l.after])),
    validation: fitted.accuracy,
    epoch: fitted.epoch,
    curve: fitted.curve,
    checkpoint: name,
  };
}

/** A checkpoint of the task's run directory. */
export const reopen = (task: PruneTask, name: string, withHistory: boolean): Promise<Trained> =>
  readCheckpoint(join(task.runDirectory, name), task.file, withHistory);
