import type { EventSink } from '../core/index.ts';
import type { Execution } from '../executor/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import type { SnapshotPaths } from '../snapshot/index.ts';
import type { SolverNets } from './nets.ts';
import type { PrecisionOptions } from './precision.ts';
import type { SolverSettings } from './settings.ts';
import type { TestResult } from './test.ts';

/** Makes a net run: plans it and gives it memory, and a device where it uses one. */
export type ExecutionFactory = (net: Net, params: ParamSet) => Execution | Promise<Execution>;

/** State beside Caffe's that must survive a snapshot: precision, pruning, the run's own counters. Plain JSON. */
export interface ExtraState {
  save(): Record<string, unknown>;
  load(state: Record<string, unknown>): void;
}

export interface SolverOptions {
  readonly settings: SolverSettings;
  /** Default: those the solver names. */
  readonly nets?: SolverNets | undefined;
  readonly execute: ExecutionFactory;
  /** Default: the solver's random_seed, else 1. */
  readonly seed?: number | undefined;
  readonly sinks?: readonly EventSink[] | undefined;
  /** Asked after every iteration and before every test pass. */
  readonly shouldStop?: (() => 'stop' | 'snapshot' | undefined) | undefined;
  /** Share of the time since the last call in which the device worked. */
  readonly deviceBusy?: (() => number) | undefined;
  readonly extra?: ExtraState | undefined;
  /** Whole snapshots of the prefix that stay, the newest; all of them where absent. At least 1. */
  readonly keepSnapshots?: number | undefined;
  /** Decides when the word length of the card's arithmetic changes. */
  readonly precision?: ((train: Net) => PrecisionOptions) | undefined;
}

export interface RunResult {
  readonly iteration: number;
  readonly reason: 'finished' | 'stopped';
  readonly loss: number;
  readonly smoothedLoss: number;
  /** By test net: its test at the iteration the run ended with, undefined where none fell on it. */
  readonly tests: readonly (TestResult | undefined)[];
  /** Images per second over the training iterations, tests and snapshots left out. */
  readonly imagesPerSecond: number;
  readonly snapshot: SnapshotPaths | undefined;
}
