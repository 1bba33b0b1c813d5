import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session, type SessionSettings } from '../../orchestrator/executor/index.ts';
import { parseSolver } from '../../orchestrator/proto/index.ts';
import { checkSolver, Solver, testNet } from '../../orchestrator/solver/index.ts';

/** A recorded training run of BVLC Caffe (shared/golden/lenet-run/run.json). */
export interface RecordedRun {
  readonly solver: string;
  readonly initial_weights: string;
  readonly iterations: number;
  readonly lr: readonly number[];
  readonly loss: readonly number[];
  /** Scores on the whole test set, by iteration. */
  readonly test: Readonly<Record<string, { readonly accuracy: number; readonly loss: number }>>;
}

/** The same images from a database of records or from HDF5 files: the two nets of the folder. */
export type Source = 'lmdb' | 'hdf5';

const NETS: Record<Source, string> = {
  lmdb: 'lenet_train_test.prototxt',
  hdf5: 'lenet_train_test_hdf5.prototxt',
};

export const readRun = (folder: string): RecordedRun =>
  JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RecordedRun;

export interface FollowRequest {
  readonly folder: string;
  readonly source: Source;
  readonly session: SessionSettings;
  readonly iterations: number;
  /** Score the test set at the end. */
  readonly test?: boolean;
}

export interface Followed {
  readonly losses: number[];
  readonly rates: number[];
  readonly accuracy: number | undefined;
  readonly device: string;
  readonly launches: number;
}

/** Trains from the recorded initial weights as the recorded solver does. */
export async function followRun(request: FollowRequest): Promise<Followed> {
  const { folder } = request;
  const run = readRun(folder);
  const file = join(folder, run.solver);
  const settings = checkSolver(parseSolver(readFileSync(file), file), file);
  settings.param.net = NETS[request.source];
  settings.param.weights = [join(folder, run.initial_weights)];
  settings.param.max_iter = request.iterations;
  const session = new Session(request.session);
  const losses: number[] = [];
  const rates: number[] = [];
  let solver: Solver | undefined;
  try {
    solver = await Solver.create({
      settings,
      execute: (net, params) => session.execute(net, params),
      sinks: [
        (event) => {
          if (event.kind !== 'train') return;
          losses.push(event.loss);
          rates.push(event.lr);
        },
      ],
    });
    await solver.step(request.iterations);
    let accuracy: number | undefined;
    if (request.test) {
      const scores = solver.tests[0]!;
      scores.parametersChanged();
      const { outputs } = testNet(scores, settings.param.test_iter[0]!, () => false)!;
      accuracy = outputs.find((o) => o.blob === 'accuracy')?.value;
    }
    const { device } = session;
    return { losses, rates, accuracy, device: device?.name ?? 'host', launches: device?.counters.launches ?? 0 };
  } finally {
    solver?.close();
    session.close();
  }
}

/** How far a run is from the recorded one. */
export interface Comparison {
  /** Largest |difference| of a loss in the first 50 iterations. */
  readonly first: number;
  /** Largest |difference| of a mean over 20 iterations, from iteration 50 on. */
  readonly later: number;
  /** Largest relative difference of a learning rate. */
  readonly rate: number;
}

export function compareRun(followed: Followed, run: RecordedRun): Comparison {
  const { losses, rates } = followed;
  const largest = (count: number, at: (i: number) => number) =>
    Array.from({ length: Math.max(0, count) }, (_, i) => at(i)).reduce((most, v) => Math.max(most, v), 0);
  const mean = (list: readonly number[], from: number) =>
    list.slice(from, from + 20).reduce((sum, v) => sum + v, 0) / 20;
  return {
    first: largest(Math.min(50, losses.length), (i) => Math.abs(losses[i]! - run.loss[i]!)),
    later: largest(losses.length - 69, (i) => Math.abs(mean(losses, 50 + i) - mean(run.loss, 50 + i))),
    rate: largest(rates.length, (i) => Math.abs(rates[i]! / run.lr[i]! - 1)),
  };
}
