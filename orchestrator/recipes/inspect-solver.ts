import { CremaError, type Problem } from '../core/index.ts';
import { type SolverParameter, SolverParameter_SolverMode } from '../proto/index.ts';
import { checkNetFields, checkSolver, rateAt, resolveNets } from '../solver/index.ts';
import { judgeNet } from './inspect-net.ts';

/** What a solver is. */
export interface SolverVerdict {
  readonly verdict: 'accept' | 'reject';
  /** After the upgrade of the old enumeration. */
  readonly type?: string;
  readonly lr_policy?: string;
  readonly mode?: string;
  readonly max_iter?: number;
  /** Learning rate of some iterations of a run from 0, by iteration. */
  readonly lr?: Record<string, number>;
}

export interface JudgedSolver {
  readonly verdict: SolverVerdict;
  readonly problems: readonly Problem[];
  /** What could not be told without files that were not to be opened, or are not there. */
  readonly notes: readonly string[];
}

/** How many multiples of stepsize are shown. */
const STEPS_SHOWN = 8;

/** Iterations at which a rate says something: powers of ten, both sides of each step, the last. Ascending. */
export function tellingIterations(solver: SolverParameter): number[] {
  const picked = new Set([0, 1, 2, 10, 100, 1000, 10_000]);
  if (solver.max_iter > 0) picked.add(solver.max_iter - 1);
  const steps =
    solver.lr_policy === 'multistep'
      ? [...solver.stepvalue]
      : ['step', 'sigmoid'].includes(solver.lr_policy)
        ? Array.from({ length: STEPS_SHOWN }, (_, i) => (i + 1) * solver.stepsize)
        : [];
  for (const step of steps) picked.add(step - 1).add(step);
  const end = solver.max_iter > 0 ? solver.max_iter : Number.MAX_SAFE_INTEGER;
  return [...picked].filter((i) => i >= 0 && i <= end).sort((a, b) => a - b);
}

/** Nine digits tell a float32 apart. */
const digits = (rate: number) => Number(rate.toPrecision(9));

/**
 * Judges a solver and the nets it names. Nets that stand in files are read only without `record`: with one, nothing but the
 * text itself is opened.
 */
export function judgeSolver(
  text: SolverParameter,
  upgraded: SolverParameter | undefined,
  file: string,
  record: readonly [number, number, number] | undefined,
): JudgedSolver {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const attempt = <T>(action: () => T): T | undefined => {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof CremaError) || error.kind === 'internal') throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  attempt(() => checkSolver(text, file));
  const inFiles = [text.net, text.train_net, ...text.test_net].filter((path) => path !== '');
  if (record && inFiles.length > 0) {
    attempt(() => checkNetFields(text));
    notes.push(`nets in files were not opened: ${inFiles.join(', ')}`);
  } else {
    const nets = attempt(() => resolveNets(text, file));
    for (const source of nets ? [nets.train, ...nets.tests] : []) {
      const { phase, level, stages } = source;
      const judged = judgeNet(source.net, { phase, level, stages, file: source.file, record });
      if (judged.verdict.verdict === 'reject') problems.push(...judged.problems);
      else if (judged.verdict.verdict === 'not_inferable') notes.push(`${source.file}: ${judged.verdict.reason}`);
    }
  }
  const verdict = problems.length > 0 ? 'reject' : 'accept';
  if (!upgraded) return { verdict: { verdict }, problems, notes };
  return { verdict: { verdict, ...describeSolver(upgraded) }, problems: unique(problems), notes };
}

/** Train and test nets of one file have most problems in common. */
function unique(problems: readonly Problem[]): Problem[] {
  const seen = new Map(problems.map((p) => [JSON.stringify([p.span, p.path, p.message]), p]));
  return [...seen.values()];
}

function describeSolver(solver: SolverParameter): Omit<SolverVerdict, 'verdict'> {
  const mode = Object.entries(SolverParameter_SolverMode).find(([, value]) => value === solver.solver_mode)?.[0];
  const described = {
    type: solver.type,
    lr_policy: solver.lr_policy,
    ...(mode !== undefined && { mode }),
    max_iter: solver.max_iter,
  };
  try {
    const rates = tellingIterations(solver).map((i) => [String(i), digits(rateAt(solver, i))] as const);
    return { ...described, lr: Object.fromEntries(rates) };
  } catch (error) {
    // A policy that gives no rates is among the problems already.
    if (error instanceof CremaError && error.kind === 'input') return described;
    throw error;
  }
}
