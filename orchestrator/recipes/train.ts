import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { tensorMemory } from '../blob/index.ts';
import { type EventSink, inputError, type Provenance } from '../core/index.ts';
import { type LayerProfile, Profile, Session, type SessionSettings, type TrackSpan } from '../executor/index.ts';
import type { Net } from '../net/index.ts';
import { type Decision, decodePrecision, type PrecisionSettings, withHysteresis } from '../precision/index.ts';
import { clone, parseSolver, type SolverParameter, SolverParameter_SolverMode } from '../proto/index.ts';
import { newestSnapshot, readSnapshot } from '../snapshot/index.ts';
import { checkSolver, type RunResult, resolveNets, Solver, type SolverNets } from '../solver/index.ts';
import type { Experiment } from './experiment.ts';
import { FixedCounts, type TensorFate } from './fixed-counts.ts';
import { readInput } from './nets.ts';
import { planLevels } from './plan-levels.ts';
import {
  isPruned,
  prunedMark,
  prunedNets,
  pruneIteration,
  pruneLine,
  pruneRun,
  recordsEpoch,
  refusePolicy,
} from './prune-in-training.ts';
import { provenanceOf } from './session-settings.ts';

export interface TrainRequest {
  readonly experiment: Experiment;
  readonly solverFile: string;
  /** Precision comes from the experiment: policies do not travel between processes. */
  readonly session: Omit<SessionSettings, 'precision' | 'seed'>;
  /** caffemodels to start from. */
  readonly weights?: readonly string[];
  /** A solver state to continue from, or `auto` for the newest of the run directory. */
  readonly resume?: string | undefined;
  /** Snapshots go to its snapshots/; without one they go where the solver's prefix says. */
  readonly runDirectory?: string | undefined;
  readonly sinks: readonly EventSink[];
  readonly shouldStop?: () => 'stop' | 'snapshot' | undefined;
  /** Overrides of the solver's text, for short forms of a run. */
  readonly maxIter?: number | undefined;
}

/** The figures of a finished run: summary.json. */
export interface TrainSummary {
  readonly net: string;
  readonly iterations: number;
  readonly images_per_second: number;
  /** null where no iteration was left to make. */
  readonly final_loss: number | null;
  /** Of a test at the last iteration; null where none fell on it. */
  readonly final_accuracy: number | null;
  /** All that this test gave; empty where there was none. */
  readonly test_outputs: Record<string, number>;
  readonly device: string;
  readonly board: string;
  readonly config: string;
  readonly provenance: Provenance;
  readonly threads: number;
  readonly launches: number;
  readonly bytes_to_device: number;
  readonly bytes_from_device: number;
  readonly device_busy_ms: number;
  readonly tensor_peak_bytes: number;
  readonly reason: RunResult['reason'];
  readonly snapshot: { readonly model: string; readonly state: string } | null;
}

/** `solver_mode: CPU` keeps everything on the host; FPGA (and an unset mode) uses what the experiment names. */
function deviceFor(mode: number, isGiven: boolean, session: TrainRequest['session']): TrainRequest['session'] {
  return isGiven && mode === SolverParameter_SolverMode.CPU ? { ...session, device: 'host' } : session;
}

/** Iterations whose steps are recorded for the per-layer table and the trace: late enough that memory and caches are warm. */
const PROFILED = { from: 3, to: 8 } as const;

/** A finished run: its figures, and what the recorded iterations showed. */
export interface TrainOutcome {
  readonly summary: TrainSummary;
  readonly layers: readonly LayerProfile[];
  readonly spans: readonly TrackSpan[];
  /** Saturations and underflows of the training net, where it computed in block floating point. */
  readonly fixed: readonly TensorFate[];
  readonly decisions: readonly Decision[];
}

/** Iterations that see every record once. One level for ever needs no epochs. */
function epochLength(net: Net, iterSize: number, precision: PrecisionSettings): number {
  if (precision.iterationsPerEpoch !== undefined) return precision.iterationsPerEpoch;
  const epoch = recordsEpoch(net, iterSize);
  if (epoch !== undefined) return epoch;
  if (precision.policy.levels === 1 && !precision.final) return Number.POSITIVE_INFINITY;
  throw inputError({
    path: 'precision > iterationsPerEpoch',
    message: `the data of net '${net.name}' do not say how many records an epoch has`,
    expected: 'iterations per epoch',
    code: 'no-epoch',
  });
}

/** The same settings, whose policy passes over levels that do not pay for their reload (modelled), where `minimumStay` asks for that. */
function payingSettings(
  settings: PrecisionSettings,
  net: Net,
  session: Session,
  stepsPerEpoch: number,
): PrecisionSettings {
  if (settings.minimumStay === undefined) return settings;
  const levels = planLevels(net, session, settings.ladder);
  const policy = withHysteresis(settings.policy, {
    secondsPerEpoch: levels.map((l) => ((l.milliseconds ?? 0) * stepsPerEpoch) / 1000),
    images: levels.map((l) => l.config),
    reloadSeconds: settings.reloadSeconds,
    minimumStay: settings.minimumStay,
  });
  return { ...settings, policy };
}

/** One training run: nets, plans, device, solver. Says what happens through the sinks; prints nothing. */
export async function trainRun(request: TrainRequest): Promise<TrainOutcome> {
  const { experiment } = request;
  const text = parseSolver(readInput(request.solverFile, 'solver'), request.solverFile);
  const given = Object.hasOwn(text, 'solver_mode');
  const checked = checkSolver(text, request.solverFile);
  const { param } = checked;
  if (request.maxIter !== undefined) param.max_iter = request.maxIter;
  if (request.weights) param.weights = [...request.weights];
  const snapshotPrefix = request.runDirectory
    ? join(request.runDirectory, 'snapshots', basename(checked.snapshotPrefix))
    : checked.snapshotPrefix;
  const settings = { ...checked, snapshotPrefix };
  const seed = param.random_seed >= 0 ? param.random_seed : experiment.seed;
  const session = new Session({
    ...deviceFor(param.solver_mode, given, request.session),
    precision: decodePrecision(experiment),
    seed,
  });
  const began = performance.now();
  const emit: EventSink = (event) => {
    for (const sink of request.sinks) sink(event);
  };
  let busyBefore = 0;
  let timeBefore = began;
  const deviceBusy = () => {
    const busy = session.counters.busyNanoseconds / 1e6;
    const now = performance.now();
    const share = (busy - busyBefore) / Math.max(1e-6, now - timeBefore);
    busyBefore = busy;
    timeBefore = now;
    return share;
  };
  const profile = new Profile();
  let profiled = 0;
  let begunAt: number | undefined;
  const watch: EventSink = (event) => {
    if (event.kind !== 'train') return;
    begunAt ??= event.iteration;
    const done = event.iteration - begunAt;
    if (profile.active) profiled++;
    profile.active = done >= PROFILED.from && done < PROFILED.to;
  };
  let solver: Solver | undefined;
  try {
    const told = new Set<Net>();
    const counts = new FixedCounts();
    const { precision } = session.settings;
    refusePolicy(experiment, precision ? precision.policy.levels + Number(precision.final !== undefined) : 1);
    const sources = resolveNets(param, checked.file);
    const make = (nets: SolverNets, pruned: boolean): Promise<Solver> =>
      Solver.create({
        // The weights to start from are those of the whole net.
        settings: pruned ? { ...settings, param: withoutWeights(param) } : settings,
        nets,
        ...(pruned && { extra: prunedMark }),
        seed,
        sinks: [...request.sinks, watch],
        ...(request.shouldStop && { shouldStop: request.shouldStop }),
        deviceBusy,
        keepSnapshots: experiment.keepSnapshots,
        ...(precision && {
          precision: (net) => {
            const iterationsPerEpoch = epochLength(net, param.iter_size, precision);
            const useLevel = (level: number) => session.useLevel(level);
            const steps = iterationsPerEpoch * param.iter_size;
            return { settings: payingSettings(precision, net, session, steps), iterationsPerEpoch, useLevel };
          },
        }),
        execute: (net, params) => {
          const execution = session.execute(net, params, { observer: net.phase === 'TRAIN' ? profile : undefined });
          if (net.phase === 'TRAIN') counts.add(session.levelName, execution);
          const layers = execution.plan.placements.map((p) => {
            const layer = net.layers[p.layer]!;
            return { name: layer.name, type: layer.type.type, place: p.place, reason: p.reason };
          });
          // A switch of precision plans a net anew; it is the same net.
          if (!told.has(net))
            emit({ kind: 'net', time: performance.now() - began, phase: net.phase, index: told.size, layers });
          told.add(net);
          return execution;
        },
      });
    solver = await make(sources, false);
    let whole = experiment.prune !== undefined;
    const snapshot = await snapshotOf(request.resume, settings.snapshotPrefix, solver, emit);
    if (snapshot && isPruned(snapshot)) {
      solver.close();
      solver = await make(prunedNets(sources, settings.snapshotPrefix), true);
      whole = false;
    }
    if (snapshot) await solver.restore(snapshot.path);
    emit({
      kind: 'start',
      time: 0,
      config: {
        net: solver.train.net.name,
        lrPolicy: param.lr_policy,
        maxIter: param.max_iter,
        device: session.device?.name ?? 'host',
        iteration: solver.iteration,
      },
    });
    if (whole && experiment.prune) {
      await solver.step(pruneIteration(experiment.prune, solver.train.net, param.iter_size) - solver.iteration);
      if (!solver.stopped && solver.iteration < param.max_iter) {
        const { nets, state, cut } = pruneRun(solver, sources, experiment, session);
        solver.close();
        solver = await make(nets, true);
        solver.takeOver(state);
        emit({ kind: 'notice', time: performance.now() - began, message: pruneLine(cut, solver.iteration) });
      }
    }
    const result = await solver.run();
    const summary = summarise(solver, result, session, experiment);
    emit({
      kind: 'end',
      time: performance.now() - began,
      iteration: result.iteration,
      reason: result.reason === 'finished' ? 'done' : 'a signal',
      summary: { ...summary },
    });
    profile.active = false;
    const { net } = solver.train;
    const recorded = { layers: profile.layers(net, profiled), spans: profile.spans(net) };
    return { summary, ...recorded, fixed: counts.list(), decisions: solver.decisions };
  } finally {
    solver?.close();
    session.close();
  }
}

function withoutWeights(param: SolverParameter): SolverParameter {
  const copy = clone(param);
  copy.weights = [];
  return copy;
}

/** The snapshot to go on from; `auto` takes the newest whole one, if there is one. */
async function snapshotOf(resume: string | undefined, prefix: string, { train }: Solver, emit: EventSink) {
  if (resume === undefined) return undefined;
  if (resume !== 'auto') return readSnapshot(resume, train.net);
  return newestSnapshot(prefix, train.net, (message) => emit({ kind: 'notice', time: 0, message }));
}

function summarise(solver: Solver, result: RunResult, session: Session, experiment: Experiment): TrainSummary {
  const { counters } = session;
  const outputs: Record<string, number> = {};
  result.tests.forEach((test, net) => {
    for (const o of test?.outputs ?? []) outputs[result.tests.length > 1 ? `${net}/${o.blob}` : o.blob] = o.value;
  });
  const accuracy = Object.entries(outputs).find(([name]) => /accuracy/i.test(name))?.[1] ?? null;
  return {
    net: solver.train.net.name,
    iterations: result.iteration,
    images_per_second: result.imagesPerSecond,
    final_loss: Number.isFinite(result.loss) ? result.loss : null,
    final_accuracy: accuracy,
    test_outputs: outputs,
    device: session.device?.name ?? 'host',
    board: session.settings.board,
    config: session.settings.config,
    provenance: provenanceOf(session),
    threads: experiment.threads ?? cpus().length,
    launches: counters.launches,
    bytes_to_device: counters.bytesToDevice,
    bytes_from_device: counters.bytesFromDevice,
    device_busy_ms: counters.busyNanoseconds / 1e6,
    tensor_peak_bytes: tensorMemory.peak,
    reason: result.reason,
    snapshot: result.snapshot ? { model: result.snapshot.model, state: result.snapshot.state } : null,
  };
}
