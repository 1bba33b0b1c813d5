import { meanDiversity } from '../diversity.ts';
import type { Decision, EpochSummary, PolicyState, PrecisionPolicy } from '../policy.ts';
import type { OptionName, PolicyOptions, PolicyType } from './policy-type.ts';

/** Rajagopal, Vink, Venieris, Bouganis, "Multi-Precision Policy Enforced Training (MuPPET)", ICML 2020, section 3.3. */
export interface MuppetOptions {
  /** Epochs between evaluations (the paper's r), and gradients in a window. */
  readonly every: number;
  readonly terms: number;
  readonly mean: 'tensor' | 'layer';
  readonly include: 'all' | 'weights';
  /** How violations compare with gamma for a switch. */
  readonly compare: '>' | '>=';
  /** Epoch that T decays from: the run's first, or the last switch. */
  readonly origin: 'run' | 'switch';
  /** T(j) = alpha + beta · exp(-lambda · j). */
  readonly alpha: number;
  readonly beta: number;
  readonly lambda: number;
  readonly gamma: number;
}

const CONSTANTS = { every: 3, origin: 'run', alpha: 1, beta: 1.5, lambda: 0.1, gamma: 2 } as const;

/** What paper and released code say, as far as they are the same algorithm (docs/precision.md lists the rest). */
export const MUPPET_VARIANTS: Readonly<Record<'paper' | 'code', MuppetOptions>> = {
  paper: { ...CONSTANTS, terms: 4, mean: 'layer', include: 'weights', compare: '>' },
  code: { ...CONSTANTS, terms: 3, mean: 'tensor', include: 'all', compare: '>=' },
};

export interface MuppetState extends PolicyState {
  /** Largest diversity since the last switch; null before the first evaluation. */
  readonly best: number | null;
  readonly violations: number;
}

export const threshold = (o: MuppetOptions, age: number): number => o.alpha + o.beta * Math.exp(-o.lambda * age);

/**
 * Every window: p = (largest D since the switch) / D(j); p > T(j) is a violation; enough of them, and the next level begins with the
 * next epoch. The first evaluation of a level has p = 1.
 */
export function muppetPolicy(levels: number, options: MuppetOptions): PrecisionPolicy<MuppetState> {
  const hold = (state: MuppetState, epoch: number, reason: string) => {
    const decision: Decision = { epoch, level: state.level, switched: false, reason };
    return { state, decision };
  };
  function observe(state: MuppetState, { epoch, gradients }: EpochSummary) {
    if (state.level === levels - 1) return hold(state, epoch, 'the last level');
    if (gradients.length === 0) return hold(state, epoch, 'no window ends here');
    const diversity = meanDiversity(gradients, options.mean, options.include);
    if (diversity === undefined) return hold(state, epoch, 'no tensor has a gradient');
    const ratio = state.best === null ? 1 : state.best / diversity;
    const limit = threshold(options, options.origin === 'run' ? epoch : epoch - state.since);
    const violations = state.violations + (ratio > limit ? 1 : 0);
    const switched = options.compare === '>' ? violations > options.gamma : violations >= options.gamma;
    const level = state.level + (switched ? 1 : 0);
    const evaluation = { diversity, ratio, threshold: limit, violations };
    const reason = `${ratio > limit ? 'p > T' : 'p ≤ T'}, switches at ${options.compare} ${options.gamma} violations`;
    const next: MuppetState = switched
      ? { level, since: epoch + 1, best: null, violations: 0 }
      : { ...state, best: Math.max(state.best ?? 0, diversity), violations };
    return { state: next, decision: { epoch, level, switched, reason, evaluation } };
  }
  return {
    name: 'muppet',
    levels,
    window: { every: options.every, terms: options.terms },
    start: () => ({ level: 0, since: 0, best: null, violations: 0 }),
    observe,
  };
}

const OPTIONS: readonly OptionName[] = [
  ...(['variant', 'every', 'terms', 'mean', 'include'] as const),
  ...(['compare', 'origin', 'alpha', 'beta', 'lambda', 'gamma'] as const),
];

/** The variant's options with the experiment's own in their place; `terms` follows `every` where it is not given. */
export function muppetOptions({ variant = 'code', ...given }: PolicyOptions): MuppetOptions {
  const base = MUPPET_VARIANTS[variant];
  const every = given.every ?? base.every;
  return { ...base, terms: every + base.terms - base.every, ...given };
}

export const muppet: PolicyType = {
  name: 'muppet',
  options: OPTIONS,
  ladder: [8, 12, 14, 16, 'fp32'],
  make(levels, options, _seed, refuse) {
    const all = muppetOptions(options);
    if (all.terms !== all.every && all.terms !== all.every + 1) {
      throw refuse('terms', `${all.terms} with every ${all.every}`, `${all.every} or ${all.every + 1}`);
    }
    return muppetPolicy(levels, all);
  },
};
