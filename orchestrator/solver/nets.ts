import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { CremaError, inputError, type Problem } from '../core/index.ts';
import type { Phase } from '../layers/index.ts';
import {
  isSet,
  type NetParameter,
  type NetState,
  Phase as PhaseNumber,
  parseNet,
  type SolverParameter,
  spanOf,
} from '../proto/index.ts';

/** One net a solver names, with the state it is built in. */
export interface NetSource {
  readonly net: NetParameter;
  /** The net's file; the solver's where the net stands inside it. */
  readonly file: string;
  readonly phase: Phase;
  readonly level: number;
  readonly stages: readonly string[];
}

export interface SolverNets {
  readonly train: NetSource;
  /** In Caffe's order: test_net_param, test_net, then the generic net once for each further test_iter. */
  readonly tests: readonly NetSource[];
}

/** Paths are taken from the working directory as Caffe does, else from the folder of the file that names them. */
export function resolvePath(path: string, file: string): string {
  if (isAbsolute(path) || existsSync(path)) return path;
  const beside = join(dirname(file), path);
  return existsSync(beside) ? beside : path;
}

type NetField = 'net' | 'net_param' | 'train_net' | 'train_net_param';
const TRAIN_FIELDS: readonly NetField[] = ['net', 'net_param', 'train_net', 'train_net_param'];

const isGeneric = (field: NetField) => field === 'net' || field === 'net_param';

/** The one field that gives the train net. Checks what a solver says of its nets without reading them; throws an input CremaError. */
export function checkNetFields(solver: SolverParameter): NetField {
  const given = TRAIN_FIELDS.filter((field) => isSet(solver, field));
  if (given.length !== 1) {
    throw inputError({
      message: given.length === 0 ? 'the solver names no train net' : `the solver names ${given.length} train nets`,
      path: given.join(', '),
      span: spanOf(solver, given[1] ?? '') ?? spanOf(solver),
      expected: `exactly one of ${TRAIN_FIELDS.join(', ')}`,
      code: 'train-net',
    });
  }
  const field = given[0]!;
  const problems = testProblems(solver, solver.test_net_param.length + solver.test_net.length, isGeneric(field));
  if (problems.length > 0) throw new CremaError('input', problems);
  return field;
}

/**
 * Reads the nets of a solver. Phase, level and stages merge as Caffe's NetState does: the net's own state, then
 * train_state or test_state over it; stages add up.
 */
export function resolveNets(solver: SolverParameter, file: string): SolverNets {
  const field = checkNetFields(solver);
  const read = new Map<string, NetParameter>();
  const load = (path: string, field: string, index = 0): [NetParameter, string] => {
    const place = resolvePath(path, file);
    const known = read.get(place);
    if (known) return [known, place];
    let text: Uint8Array;
    try {
      text = readFileSync(place);
    } catch (error) {
      throw new CremaError(
        'input',
        {
          message: `cannot read the net '${path}'`,
          path: field,
          span: spanOf(solver, field, index),
          expected: 'a prototxt, by its path from the working directory or from the solver',
          code: 'missing-file',
        },
        { cause: error },
      );
    }
    const net = parseNet(text, place);
    read.set(place, net);
    return [net, place];
  };
  const [trainNet, trainFile] = solver.net_param
    ? [solver.net_param, file]
    : solver.train_net_param
      ? [solver.train_net_param, file]
      : load(field === 'net' ? solver.net : solver.train_net, field);
  const train = source(trainNet, trainFile, 'TRAIN', solver.train_state);
  const own = [
    ...solver.test_net_param.map((net): [NetParameter, string] => [net, file]),
    ...solver.test_net.map((path, i) => load(path, 'test_net', i)),
  ];
  const count = isGeneric(field) ? solver.test_iter.length : own.length;
  const tests = Array.from({ length: count }, (_, i) => {
    const [net, path] = own[i] ?? [trainNet, trainFile];
    return source(net, path, 'TEST', solver.test_state[i]);
  });
  return { train, tests };
}

function testProblems(solver: SolverParameter, own: number, generic: boolean): Problem[] {
  const problems: Problem[] = [];
  const count = solver.test_iter.length;
  if (generic ? count < own : count !== own) {
    problems.push({
      message: `test_iter is given ${count} times for ${own} test nets`,
      path: 'test_iter',
      span: spanOf(solver, 'test_iter') ?? spanOf(solver, 'test_net') ?? spanOf(solver),
      expected: generic ? 'one for each test net, further ones test the train net' : 'one for each test net',
      code: 'test-iter',
    });
  }
  if (solver.test_state.length > 0 && solver.test_state.length !== Math.max(count, own)) {
    problems.push({
      message: `test_state is given ${solver.test_state.length} times for ${Math.max(count, own)} test nets`,
      path: 'test_state',
      span: spanOf(solver, 'test_state'),
      expected: 'none, or one for each test net',
      code: 'test-state',
    });
  }
  if (count > 0 && !(solver.test_interval > 0)) {
    problems.push({
      message: 'there are test nets but no test_interval',
      path: 'test_interval',
      span: spanOf(solver, 'test_interval') ?? spanOf(solver, 'test_iter'),
      expected: 'test_interval > 0',
      code: 'test-interval',
    });
  }
  return problems;
}

function source(net: NetParameter, file: string, phase: Phase, over: NetState | null | undefined): NetSource {
  const states = [net.state, over].filter((s): s is NetState => s !== null && s !== undefined);
  let number: number = phase === 'TRAIN' ? PhaseNumber.TRAIN : PhaseNumber.TEST;
  let level = 0;
  for (const state of states) {
    if (isSet(state, 'phase')) number = state.phase;
    if (isSet(state, 'level')) level = state.level;
  }
  return {
    net,
    file,
    phase: number === PhaseNumber.TRAIN ? 'TRAIN' : 'TEST',
    level,
    stages: states.flatMap((s) => s.stage),
  };
}
