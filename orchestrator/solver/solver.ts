import { setImmediate } from 'node:timers/promises';
import type { RunEvent } from '../core/index.ts';
import type { Execution } from '../executor/index.ts';
import { buildNet, closeNet, createParams, type Net } from '../net/index.ts';
import { type Decision, decisionLine, levelName } from '../precision/index.ts';
import { SolverParameter_SnapshotFormat } from '../proto/index.ts';
import {
  applySnapshot,
  checkWritable,
  loadLayers,
  loadWeights,
  newestSnapshot,
  readSnapshot,
  removeOlderSnapshots,
  type Snapshot,
  type SnapshotPaths,
  saveLayers,
  writeSnapshot,
} from '../snapshot/index.ts';
import { beforeUpdate, describePass, describeUpdate } from './debug.ts';
import { divergence } from './divergence.ts';
import { SmoothedLoss, type SmoothedState } from './loss.ts';
import { type NetSource, resolveNets, resolvePath } from './nets.ts';
import type { RunResult, SolverOptions } from './options.ts';
import { PrecisionControl } from './precision.ts';
import { RateSchedule } from './rates.ts';
import type { SolverSettings } from './settings.ts';
import { copyState, putState, type RunState } from './state.ts';
import { listOutputs, type TestResult, testNet } from './test.ts';
import { Updater } from './update.ts';

/** Caffe's solver: the training loop with tests, display, snapshots and resume. One instance is one run. */
export class Solver {
  readonly settings: SolverSettings;
  /** Executions of the train net and the test nets; a switch of precision makes new ones over the same parameters. */
  train: Execution;
  tests: readonly Execution[];
  iteration = 0;
  private readonly options: SolverOptions;
  private readonly updater: Updater;
  private readonly schedule: RateSchedule;
  private readonly smoothed: SmoothedLoss;
  private readonly seed: number;
  private readonly began = performance.now();
  /** Of the parameters as they are: an update or another state ends what was measured. */
  private readonly current: (TestResult | undefined)[];
  private lastLoss = Number.NaN;
  private lastSnapshot: SnapshotPaths | undefined;
  private stopping = false;
  /** The precision policy says that its last phase is over. */
  private concluded = false;
  private readonly precision: PrecisionControl | undefined;
  private trainMs = 0;
  private trained = 0;
  private shown = { ms: 0, iterations: 0 };

  private constructor(
    options: SolverOptions,
    seed: number,
    train: Execution,
    tests: readonly Execution[],
    precision: PrecisionControl | undefined,
  ) {
    this.options = options;
    this.settings = options.settings;
    this.seed = seed;
    this.train = train;
    this.tests = tests;
    this.updater = new Updater(options.settings, train.net, train.params);
    this.schedule = new RateSchedule(options.settings.param);
    this.smoothed = new SmoothedLoss(options.settings.param.average_loss);
    this.current = tests.map(() => undefined);
    this.precision = precision;
  }

  /** Builds all nets, fills or loads parameters and makes executions. Throws input and data CremaErrors. */
  static async create(options: SolverOptions): Promise<Solver> {
    const { param, file } = options.settings;
    const seed = options.seed ?? (param.random_seed >= 0 ? param.random_seed : 1);
    const sources = options.nets ?? resolveNets(param, file);
    const build = (s: NetSource) =>
      buildNet(s.net, { phase: s.phase, level: s.level, stages: s.stages, file: s.file, seed });
    const nets: Net[] = [];
    const executions: Execution[] = [];
    let precision: PrecisionControl | undefined;
    try {
      for (const source of [sources.train, ...sources.tests]) nets.push(build(source));
      const trained = createParams(nets[0]!, seed);
      const sets = nets.map((net, i) => (i === 0 ? trained : createParams(net, seed, trained)));
      for (const path of param.weights.flatMap((w) => w.split(',')).map((w) => w.trim())) {
        for (const [i, net] of nets.entries()) await loadWeights(resolvePath(path, file), net, sets[i]!);
      }
      if (options.precision) precision = new PrecisionControl(options.precision(nets[0]!));
      for (const [i, net] of nets.entries()) executions.push(await options.execute(net, sets[i]!));
    } catch (error) {
      for (const execution of executions) execution.close();
      for (const net of nets) closeNet(net);
      throw error;
    }
    return new Solver(options, seed, executions[0]!, executions.slice(1), precision);
  }

  /** Continues from a solver state. */
  async restore(path: string): Promise<Snapshot> {
    const snapshot = await readSnapshot(path, this.train.net);
    await this.take(snapshot);
    return snapshot;
  }

  /** Continues from the newest whole snapshot of this solver's prefix; undefined where there is none. */
  async restoreNewest(): Promise<Snapshot | undefined> {
    const notice = (message: string) => this.notice(message);
    const snapshot = await newestSnapshot(this.settings.snapshotPrefix, this.train.net, notice);
    if (snapshot) await this.take(snapshot);
    return snapshot;
  }

  private async take(snapshot: Snapshot): Promise<void> {
    applySnapshot(snapshot, this.train.net, this.train.params, this.updater.history);
    this.current.fill(undefined);
    this.updater.markRestored();
    this.iteration = snapshot.state.iter;
    this.schedule.currentStep = snapshot.state.current_step;
    const { sidecar } = snapshot;
    const policy = sidecar?.loop['precision'];
    if (this.precision && policy) {
      const level = this.precision.level;
      this.precision.load(policy, snapshot.arrays);
      if (this.precision.level !== level) await this.replan(this.precision.level);
    }
    if (sidecar) {
      const saved = (sidecar.loop['executions'] ?? []) as unknown[];
      for (const [i, e] of [this.train, ...this.tests].entries()) if (saved[i]) e.loadState?.(saved[i]);
      for (const [i, e] of [this.train, ...this.tests].entries()) loadLayers(e.net, sidecar.nets[i] ?? []);
      if (sidecar.loop['smoothed']) this.smoothed.load(sidecar.loop['smoothed'] as SmoothedState);
      const extra = sidecar.loop['extra'];
      if (extra) this.options.extra?.load(extra as Record<string, unknown>);
    }
    for (const e of [this.train, ...this.tests]) e.parametersChanged();
  }

  /** A copy of what the run holds, to go on with it over other nets. */
  state(): RunState {
    return copyState(this, this.updater, this.schedule, this.smoothed);
  }

  /** Goes on from a state of nets with the same parameters. */
  takeOver(state: RunState): void {
    putState(state, this, this.updater, this.schedule, this.smoothed);
    this.current.fill(undefined);
  }

  /** Somebody asked it to stop. */
  get stopped(): boolean {
    return this.stopping;
  }

  /** By test net: its test at this iteration, undefined where there was none. */
  get testResults(): readonly (TestResult | undefined)[] {
    return [...this.current];
  }

  /** Runs up to max_iter as Caffe's Solve does, or until told to stop. */
  async run(): Promise<RunResult> {
    const { param } = this.settings;
    if (param.snapshot > 0 || param.snapshot_after_train) checkWritable(this.settings.snapshotPrefix);
    await this.step(param.max_iter - this.iteration);
    if (param.snapshot_after_train && (!param.snapshot || this.iteration % param.snapshot !== 0)) await this.snapshot();
    if (!this.stopping) {
      if (param.display && this.iteration % param.display === 0) {
        this.lastLoss = this.train.forward();
        this.smoothed.add(this.lastLoss);
        this.report(this.schedule.peek(this.iteration), true, 0);
      }
      // A run that its precision policy ends is tested where it ends.
      const due = param.test_interval && this.iteration % param.test_interval === 0;
      if (due || (this.concluded && this.tests.length > 0)) this.testAll();
    }
    return {
      iteration: this.iteration,
      reason: this.stopping ? 'stopped' : 'finished',
      loss: this.lastLoss,
      smoothedLoss: this.smoothed.value,
      tests: this.testResults,
      imagesPerSecond: this.imagesPerSecond(this.trainMs, this.trained),
      snapshot: this.lastSnapshot,
    };
  }

  /** `iterations` training iterations, with the tests, displays and snapshots that fall on them. */
  async step(iterations: number): Promise<void> {
    const { param } = this.settings;
    const end = this.iteration + iterations;
    while (this.iteration < end && !this.stopping) {
      this.concluded = this.precision?.finished(this.iteration) ?? false;
      if (this.concluded) break;
      if (param.test_interval && this.iteration % param.test_interval === 0) {
        if (this.iteration > 0 || param.test_initialization) this.testAll();
        if (this.stopping) break;
      }
      const decision = this.trainOnce();
      if (decision) await this.follow(decision);
      // Signals and timers get their turn.
      await setImmediate();
      const asked = this.options.shouldStop?.();
      if (asked === 'stop') this.stopping = true;
      if ((param.snapshot && this.iteration % param.snapshot === 0) || asked === 'snapshot') await this.snapshot();
    }
  }

  /** Tells what the precision policy decided, and does it. */
  private async follow(decision: Decision): Promise<void> {
    const { settings } = this.precision!.options;
    const { epoch, level, switched, evaluation } = decision;
    const change = switched ? await this.replan(level) : undefined;
    const names = settings.ladder.map(levelName);
    const line = decisionLine(decision, names);
    const told = { epoch, level, name: names[level]!, switched, evaluation, line, change };
    this.emit({ kind: 'precision', time: this.time(), iteration: this.iteration, ...told });
  }

  /** New plans and executions at a level of the ladder: nets, parameters and history stay what they are. */
  private async replan(level: number) {
    const begin = performance.now();
    const old = [this.train, ...this.tests];
    for (const execution of old) execution.close();
    const change = this.precision!.options.useLevel(level);
    const made: Execution[] = [];
    for (const { net, params, pass } of old) {
      const execution = await this.options.execute(net, params);
      execution.pass = pass;
      made.push(execution);
    }
    this.train = made[0]!;
    this.tests = made.slice(1);
    return { ...change, milliseconds: performance.now() - begin };
  }

  /** @returns what the precision policy decided, where an epoch ended */
  private trainOnce(): Decision | undefined {
    const { param } = this.settings;
    const start = performance.now();
    const display = param.display > 0 && this.iteration % param.display === 0;
    const rate = this.schedule.next(this.iteration) * (this.precision?.rate(this.iteration) ?? 1);
    this.train.pass = this.iteration * param.iter_size;
    let sum = 0;
    for (let i = 0; i < param.iter_size; i++) {
      sum = Math.fround(sum + this.train.forward());
      this.train.backward(i > 0);
    }
    const loss = Math.fround(sum / param.iter_size);
    if (!Number.isFinite(loss)) throw divergence(this.train, this.iteration, loss, rate);
    this.lastLoss = loss;
    this.smoothed.add(loss);
    this.report(rate, display, performance.now() - start);
    this.train.collectGradients();
    const decision = this.precision?.observe(this.iteration, this.train);
    const debug = display && param.debug_info;
    const lines = debug ? describePass(this.train) : [];
    const before = debug ? beforeUpdate(this.train) : [];
    this.updater.update(rate, this.iteration);
    this.current.fill(undefined);
    if (debug) {
      lines.push(...describeUpdate(this.train, before));
      this.emit({ kind: 'debug', time: this.time(), iteration: this.iteration, lines });
    }
    this.train.parametersChanged();
    this.iteration++;
    this.trained++;
    const ms = performance.now() - start;
    this.trainMs += ms;
    this.shown.ms += ms;
    this.shown.iterations++;
    return decision;
  }

  private imagesPerSecond(ms: number, iterations: number): number {
    return ms > 0 ? (this.train.net.batch * this.settings.param.iter_size * iterations * 1000) / ms : 0;
  }

  private report(lr: number, display: boolean, currentMs: number): void {
    const { ms, iterations } = this.shown;
    this.emit({
      kind: 'train',
      time: this.time(),
      iteration: this.iteration,
      loss: this.lastLoss,
      smoothedLoss: this.smoothed.value,
      lr,
      outputs: display ? listOutputs(this.train) : [],
      imagesPerSecond: iterations > 0 ? this.imagesPerSecond(ms, iterations) : this.imagesPerSecond(currentMs, 1),
      deviceBusy: this.options.deviceBusy?.() ?? 0,
      display,
    });
    if (display) this.shown = { ms: 0, iterations: 0 };
  }

  /** Tests every test net; an interrupted test reports nothing. */
  testAll(): void {
    const { param } = this.settings;
    this.tests.forEach((execution, index) => {
      if (this.stopping) return;
      this.emit({ kind: 'test-start', time: this.time(), iteration: this.iteration, net: index });
      execution.parametersChanged();
      execution.pass = this.iteration * param.test_iter[index]!;
      const result = testNet(execution, param.test_iter[index]!, () => {
        this.stopping ||= this.options.shouldStop?.() === 'stop';
        return this.stopping;
      });
      if (!result) return;
      this.current[index] = result;
      const loss = param.test_compute_loss ? result.loss : undefined;
      const lr = this.schedule.peek(this.iteration);
      this.emit({
        kind: 'test',
        time: this.time(),
        iteration: this.iteration,
        net: index,
        outputs: result.outputs,
        loss,
        lr,
      });
    });
  }

  /** Writes model, state and side-car now. */
  async snapshot(): Promise<SnapshotPaths> {
    const { param, snapshotPrefix } = this.settings;
    const format = param.snapshot_format === SolverParameter_SnapshotFormat.HDF5 ? 'hdf5' : 'binary';
    const extra = this.options.extra?.save();
    const precision = this.precision?.save();
    const executions = [this.train, ...this.tests].map((e) => e.saveState?.() ?? null);
    const paths = await writeSnapshot(snapshotPrefix, format, {
      net: this.train.net,
      params: this.train.params,
      history: this.updater.history,
      iteration: this.iteration,
      currentStep: this.schedule.currentStep,
      nets: [this.train, ...this.tests].map((e) => saveLayers(e.net)),
      loop: {
        seed: this.seed,
        smoothed: this.smoothed.save(),
        ...(extra ? { extra } : {}),
        ...(precision ? { precision: precision.state } : {}),
        ...(executions.some(Boolean) ? { executions } : {}),
      },
      ...(precision && { arrays: precision.arrays }),
    });
    this.lastSnapshot = paths;
    this.emit({
      kind: 'snapshot',
      time: this.time(),
      iteration: this.iteration,
      model: paths.model,
      state: paths.state,
    });
    const { keepSnapshots } = this.options;
    if (keepSnapshots !== undefined)
      removeOlderSnapshots(snapshotPrefix, this.iteration, keepSnapshots, (message) => this.notice(message));
    return paths;
  }

  /** What the precision policy decided so far. */
  get decisions(): readonly Decision[] {
    return this.precision?.decisions ?? [];
  }

  /** History blobs, for tests and tools. */
  get history() {
    return this.updater.history;
  }

  private time(): number {
    return performance.now() - this.began;
  }

  private notice(message: string): void {
    this.emit({ kind: 'notice', time: this.time(), message });
  }

  private emit(event: RunEvent): void {
    for (const sink of this.options.sinks ?? []) sink(event);
  }

  close(): void {
    for (const e of [this.train, ...this.tests]) {
      e.close();
      closeNet(e.net);
    }
  }
}
