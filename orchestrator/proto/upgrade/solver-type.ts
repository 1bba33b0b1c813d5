import { inputError } from '../../core/index.ts';
import { clone, isSet } from '../message.ts';
import { SolverParameter_SolverType as Old, type SolverParameter } from '../messages.ts';
import { spanOf } from '../spans.ts';

const names = new Map<number, string>([
  [Old.SGD, 'SGD'],
  [Old.NESTEROV, 'Nesterov'],
  [Old.ADAGRAD, 'AdaGrad'],
  [Old.RMSPROP, 'RMSProp'],
  [Old.ADADELTA, 'AdaDelta'],
  [Old.ADAM, 'Adam'],
]);

/** The solver with its type by name; the same object where nothing is old. Refuses both forms at once, as Caffe does. */
export function upgradeSolver(solver: SolverParameter): SolverParameter {
  if (!isSet(solver, 'solver_type')) return solver;
  if (isSet(solver, 'type')) {
    throw inputError({
      message: 'the solver has both `type` and the older `solver_type`',
      span: spanOf(solver, 'solver_type'),
      expected: 'one of the two',
      hint: 'keep `type`',
      code: 'solver-type-twice',
    });
  }
  const result = clone(solver);
  result.type = names.get(solver.solver_type)!;
  delete (result as Partial<SolverParameter>).solver_type;
  return result;
}
