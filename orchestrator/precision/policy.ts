import type { GradientStatistics } from './diversity.ts';

/**
 * When a policy wants gradient statistics: sums over the last minibatch's gradient of `terms` successive epochs, `every` epochs.
 * terms = every: windows side by side; terms = every + 1: neighbours share one epoch.
 */
export interface WindowRule {
  readonly every: number;
  readonly terms: number;
}

/** True where a window ends with this epoch (counted from 0). The first one is the first that is whole. */
export function windowEnds(rule: WindowRule, epoch: number): boolean {
  const over = epoch + 1 - rule.terms;
  return over >= 0 && over % rule.every === 0;
}

/** What a policy learns after an epoch. */
export interface EpochSummary {
  /** The epoch that has just ended, counted from 0. */
  readonly epoch: number;
  /** Statistics of the window that ends here, one entry per parameter tensor; empty where none ends. */
  readonly gradients: readonly GradientStatistics[];
}

/** Plain JSON: it goes into snapshots and logs as it is. */
export interface PolicyState {
  /** Index into the ladder. */
  readonly level: number;
  /** First epoch at this level. */
  readonly since: number;
}

/** The figures behind a decision, in the paper's letters: D, p, T. */
export interface Evaluation {
  readonly diversity: number;
  readonly ratio: number;
  readonly threshold: number;
  /** Since the last switch, this one included. */
  readonly violations: number;
}

export interface Decision {
  readonly epoch: number;
  /** Level from the next epoch on; never below the one before. */
  readonly level: number;
  readonly switched: boolean;
  readonly reason: string;
  readonly evaluation?: Evaluation | undefined;
}

/**
 * A switching policy: a pure state machine. `observe` has no memory, no clock and no random numbers of its own, so that a log of
 * summaries replays to the same decisions.
 */
export interface PrecisionPolicy<S extends PolicyState = PolicyState> {
  readonly name: string;
  readonly levels: number;
  /** Absent where the policy looks at no gradients. */
  readonly window?: WindowRule | undefined;
  start(): S;
  observe(state: S, summary: EpochSummary): { readonly state: S; readonly decision: Decision };
}

const figure = (x: number): string => x.toPrecision(4);

/** One line of a log: `epoch 8: D 0.5800, p 1.724, T 1.674, violations 1; stays at 8 bits: …`. */
export function decisionLine(decision: Decision, names: readonly string[]): string {
  const { epoch, evaluation: e, level, switched, reason } = decision;
  const figures = e
    ? `D ${figure(e.diversity)}, p ${figure(e.ratio)}, T ${figure(e.threshold)}, violations ${e.violations}; `
    : '';
  return `epoch ${epoch}: ${figures}${switched ? 'to' : 'stays at'} ${names[level]}: ${reason}`;
}
