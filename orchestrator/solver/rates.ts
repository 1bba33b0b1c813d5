import { inputError, nearest } from '../core/index.ts';
import { type SolverParameter, spanOf } from '../proto/index.ts';

const f = Math.fround;

/** Learning rate of one iteration from the solver's settings; `step` counts passed steps. Caffe computes in float32. */
interface Policy {
  rate(s: SolverParameter, iteration: number, step: number): number;
  /** Fields that must hold something sensible. */
  readonly needs: readonly ('gamma' | 'stepsize')[];
}

/** Caffe's seven policies. The power of a step is taken in double precision, the product rounded once, as its C++ does. */
const policies: Record<string, Policy> = {
  fixed: { needs: [], rate: (s) => s.base_lr },
  step: { needs: ['stepsize', 'gamma'], rate: (s, _, step) => f(s.base_lr * s.gamma ** step) },
  exp: { needs: ['gamma'], rate: (s, i) => f(s.base_lr * s.gamma ** i) },
  inv: { needs: ['gamma'], rate: (s, i) => f(s.base_lr * f(f(1 + f(s.gamma * i)) ** -s.power)) },
  multistep: { needs: ['gamma'], rate: (s, _, step) => f(s.base_lr * s.gamma ** step) },
  poly: { needs: [], rate: (s, i) => f(s.base_lr * f(f(1 - f(f(i) / f(s.max_iter))) ** s.power)) },
  sigmoid: {
    needs: ['gamma', 'stepsize'],
    rate: (s, i) => f(s.base_lr * f(1 / f(1 + f(Math.exp(f(-s.gamma * f(f(i) - f(s.stepsize)))))))),
  },
};

/** The learning rate over the iterations. `currentStep` is its only state; a solver state stores it. */
export class RateSchedule {
  currentStep = 0;
  private readonly solver: SolverParameter;
  private readonly policy: Policy;

  /** Throws an input CremaError for an unknown policy or a setting it cannot work with. */
  constructor(solver: SolverParameter) {
    this.solver = solver;
    const policy = Object.hasOwn(policies, solver.lr_policy) ? policies[solver.lr_policy] : undefined;
    if (!policy) {
      const near = nearest(solver.lr_policy, Object.keys(policies));
      throw inputError({
        message:
          solver.lr_policy === '' ? 'no lr_policy is given' : `unknown learning rate policy '${solver.lr_policy}'`,
        path: 'lr_policy',
        span: spanOf(solver, 'lr_policy') ?? spanOf(solver),
        expected: `one of ${Object.keys(policies).join(', ')}`,
        hint: near ? `did you mean '${near}'?` : undefined,
        code: 'unknown-lr-policy',
      });
    }
    for (const field of policy.needs) {
      const value = solver[field];
      if (field === 'stepsize' ? value > 0 : value >= 0) continue;
      throw inputError({
        message: `lr_policy '${solver.lr_policy}' with ${field} ${value}`,
        path: field,
        span: spanOf(solver, field) ?? spanOf(solver, 'lr_policy'),
        expected: field === 'stepsize' ? 'stepsize > 0' : 'gamma ≥ 0',
        code: 'lr-policy-setting',
      });
    }
    this.policy = policy;
  }

  /** The rate of iteration `iteration`; to be asked once for each, in order. Multistep passes at most one step a call. */
  next(iteration: number): number {
    const { lr_policy, stepsize, stepvalue } = this.solver;
    if (lr_policy === 'step') this.currentStep = Math.floor(iteration / stepsize);
    if (lr_policy === 'multistep' && this.currentStep < stepvalue.length && iteration >= stepvalue[this.currentStep]!) {
      this.currentStep++;
    }
    return this.policy.rate(this.solver, iteration, this.currentStep);
  }

  /** The rate that `next` would give, without passing a step. */
  peek(iteration: number): number {
    const step = this.currentStep;
    const rate = this.next(iteration);
    this.currentStep = step;
    return rate;
  }
}

/** The rate that a run from iteration 0 uses in `iteration`, without walking there. */
export function rateAt(solver: SolverParameter, iteration: number): number {
  const schedule = new RateSchedule(solver);
  if (solver.lr_policy === 'multistep') {
    let passed = -1;
    for (const value of solver.stepvalue) {
      passed = Math.max(value, passed + 1);
      if (passed >= iteration) break;
      schedule.currentStep++;
    }
  }
  return schedule.next(iteration);
}
