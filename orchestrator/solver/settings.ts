import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { CremaError, nearest, type Problem } from '../core/index.ts';
import { isSet, type SolverParameter, spanOf, upgradeSolver } from '../proto/index.ts';
import { RateSchedule } from './rates.ts';
import { type UpdateRule, updateRules } from './rules/index.ts';

/** A solver's text, checked. */
export interface SolverSettings {
  readonly param: SolverParameter;
  readonly file: string;
  readonly rule: UpdateRule;
  /** Path and start of the names of snapshot files. */
  readonly snapshotPrefix: string;
}

/** Caffe's rule: none given takes the solver's name; a folder takes the solver's name inside it. */
function snapshotPrefix(solver: SolverParameter, file: string): string {
  const bare = basename(file, extname(file));
  if (!isSet(solver, 'snapshot_prefix')) return join(dirname(file), bare);
  const folder = existsSync(solver.snapshot_prefix) && statSync(solver.snapshot_prefix).isDirectory();
  return folder ? join(solver.snapshot_prefix, bare) : solver.snapshot_prefix;
}

/** Checks everything of a solver that does not need its nets; all problems come in one input CremaError. */
export function checkSolver(text: SolverParameter, file: string): SolverSettings {
  const param = upgradeSolver(text);
  const problems: Problem[] = [];
  const refuse = (field: string, message: string, expected: string, hint?: string) =>
    problems.push({
      message,
      path: field,
      span: spanOf(param, field) ?? spanOf(param),
      expected,
      hint,
      code: 'solver-setting',
    });
  const rule = updateRules.get(param.type);
  if (rule) {
    const wrong = rule.check?.(param);
    if (wrong) refuse(wrong.field, `${wrong.field} ${param[wrong.field]} does not fit ${rule.type}`, wrong.expected);
  } else {
    const near = nearest(param.type, updateRules.keys());
    const hint = near ? `did you mean '${near}'?` : undefined;
    refuse('type', `unknown solver type '${param.type}'`, `one of ${[...updateRules.keys()].join(', ')}`, hint);
  }
  try {
    new RateSchedule(param);
  } catch (error) {
    if (!(error instanceof CremaError)) throw error;
    problems.push(...error.problems);
  }
  if (param.weight_decay !== 0 && !['L1', 'L2'].includes(param.regularization_type)) {
    refuse('regularization_type', `unknown regularization type '${param.regularization_type}'`, 'L1 or L2');
  }
  if (param.average_loss < 1) refuse('average_loss', `average_loss ${param.average_loss}`, 'average_loss ≥ 1');
  if (param.iter_size < 1) refuse('iter_size', `iter_size ${param.iter_size}`, 'iter_size ≥ 1');
  if (problems.length > 0) throw new CremaError('input', problems);
  return { param, file, rule: rule!, snapshotPrefix: snapshotPrefix(param, file) };
}
