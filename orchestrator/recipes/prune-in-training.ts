import { existsSync } from 'node:fs';
import { inputError, internalError } from '../core/index.ts';
import type { Session } from '../executor/index.ts';
import { loadManifest } from '../kernels/index.ts';
import type { Net, NetOptions } from '../net/index.ts';
import { parseNet, printText, upgradeNet } from '../proto/index.ts';
import { type Snapshot, writeAtomically } from '../snapshot/index.ts';
import type { NetSource, RunState, Solver, SolverNets } from '../solver/index.ts';
import type { Experiment, ExperimentPrune } from './experiment.ts';
import { readInput } from './nets.ts';
import { type CutNet, type CutSettings, cutNet } from './pruning/index.ts';

/** Iterations that see every record once; undefined where the data do not say. */
export function recordsEpoch(net: Net, iterSize: number): number | undefined {
  const records = net.layers.map((l) => l.layer.epochRecords?.()).find((count) => count !== undefined);
  return records === undefined ? undefined : Math.max(1, Math.ceil(records / (net.batch * iterSize)));
}

/** The iteration before which the net is cut: `at: 500`, or `at: epoch 5` (after five epochs). */
export function pruneIteration({ at }: ExperimentPrune, net: Net, iterSize: number): number {
  if (typeof at === 'number') return at;
  const epoch = recordsEpoch(net, iterSize);
  if (epoch !== undefined) return Number(at.replace('epoch', '')) * epoch;
  throw inputError({
    path: 'prune > at',
    message: `the data of net '${net.name}' do not say how many records an epoch has`,
    expected: 'an iteration',
    code: 'no-epoch',
  });
}

function cutSettings({ snap, level: _, at: __, ...rest }: ExperimentPrune, e: Experiment): CutSettings {
  const width = snap === 'tile' ? loadManifest(e.board, e.config).array.rows : snap;
  return { ...rest, ...(width !== undefined && { snap: width }), seed: e.seed };
}

/** A policy's windows and histories have the sizes of the net it began with. */
export function refusePolicy(experiment: Experiment, levels: number): void {
  if (!experiment.prune || levels <= 1) return;
  throw inputError({
    path: 'prune',
    message: 'pruning while a precision policy changes levels is not possible',
    expected: 'one level (policy: fixed), or pruning first: crema prune, then train with the policy',
    code: 'prune-and-policy',
  });
}

/** Where the text of the cut net lies beside the snapshots. */
const textFile = (prefix: string) => `${prefix}_pruned.prototxt`;

/** Whether a snapshot was written after the cut. */
export const isPruned = (snapshot: Snapshot): boolean =>
  (snapshot.sidecar?.loop['extra'] as { pruned?: boolean } | undefined)?.pruned === true;

/** What a solver of the cut net writes into its snapshots. */
export const prunedMark = { save: () => ({ pruned: true }), load: () => {} };

const withText = (sources: SolverNets, text: NetSource['net']): SolverNets => ({
  train: { ...sources.train, net: text },
  tests: sources.tests.map((source) => ({ ...source, net: text })),
});

/** Nets of the cut text, to go on from a snapshot that was written after the cut. */
export function prunedNets(sources: SolverNets, prefix: string): SolverNets {
  const file = textFile(prefix);
  if (!existsSync(file)) {
    throw inputError({
      message: `there is no ${file}`,
      expected: 'the text of the pruned net, beside its snapshots',
      code: 'no-pruned-net',
    });
  }
  return withText(sources, parseNet(readInput(file, 'pruned net'), file));
}

/** Cuts the nets of a run whose solver stands at the iteration. @returns the smaller nets and the state to go on with */
export function pruneRun(
  solver: Solver,
  sources: SolverNets,
  experiment: Experiment,
  session: Session,
): { nets: SolverNets; state: RunState; cut: CutNet } {
  const { prune } = experiment;
  if (!prune) throw internalError('nothing to prune');
  const all = [sources.train, ...sources.tests];
  if (all.some(({ net }) => net !== sources.train.net)) {
    throw inputError({
      path: 'prune',
      message: 'train and test nets are different texts',
      expected: '`net:` in the solver: one text with phases, so that both are cut alike',
      code: 'several-texts',
    });
  }
  const text = upgradeNet(sources.train.net);
  const state = solver.state();
  const views: NetOptions[] = all.map(({ phase, level, stages }) => ({ phase, level, stages }));
  const { file } = sources.train;
  const cut = cutNet(text, file, state, prune.level, cutSettings(prune, experiment), session, views);
  writeAtomically(textFile(solver.settings.snapshotPrefix), Buffer.from(printText(cut.text)));
  return { nets: withText(sources, cut.text), state: cut.state, cut };
}

/** What the log says of a cut. */
export function pruneLine({ level, parameters, layers, reason }: CutNet, iteration: number): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const narrower = layers.filter(({ before, after }) => after < before);
  const widths = narrower.map(({ layer, before, after }) => `${layer} ${before} to ${after}`).join(', ');
  const why = reason ? ` (${reason})` : '';
  return `Iteration ${iteration}, pruned: ${percent(level.reached)} of ${level.criterion}${why}, ${parameters.before} to ${parameters.after} parameters; ${widths}`;
}
