import { join, resolve } from 'node:path';
import { usageError } from '../core/index.ts';
import { Session } from '../executor/index.ts';
import { parseSolver } from '../proto/index.ts';
import {
  type CutSettings,
  type DataSources,
  type Experiment,
  type LevelResult,
  measureAccuracy,
  namedClasses,
  ofClasses,
  ownSources,
  type PruneTask,
  pruneAndRetrain,
  pruneGradually,
  readClassGroups,
  readInput,
  readTrained,
  reopen,
  StageLog,
  searchLevel,
} from '../recipes/index.ts';
import { defaultRunPath } from '../report/index.ts';
import { checkSolver, resolvePath } from '../solver/index.ts';
import { type Printer, table } from './output.ts';
import { type PruneFlags, percent } from './prune-flags.ts';
import { sessionSettings } from './settings.ts';

function sources(flags: PruneFlags, own: DataSources): DataSources {
  const given = flags.validation ? { ...own, validation: flags.validation } : own;
  if (flags.classes === undefined) return given;
  const groups = flags.groups ? readClassGroups(flags.groups) : new Map<string, readonly number[]>();
  return ofClasses(given, namedClasses(flags.classes, groups));
}

async function taskOf(flags: PruneFlags, experiment: Experiment, cut: CutSettings, session: Session) {
  const solverFile = flags.solver ?? experiment.solver;
  if (!solverFile) {
    throw usageError({
      message: 'training again needs a solver',
      expected: '--solver solver.prototxt',
      code: 'no-solver',
    });
  }
  const { param } = checkSolver(parseSolver(readInput(solverFile, 'solver'), solverFile), resolve(solverFile));
  const model = flags.model ?? experiment.model ?? resolvePath(param.net || param.train_net, resolve(solverFile));
  const weights = (flags.weights ?? experiment.weights)?.split(',') ?? [];
  if (weights.length === 0)
    throw usageError({ message: 'no trained weights', expected: '--weights net.caffemodel', code: 'no-weights' });
  const start = await readTrained(resolve(model), weights, experiment.seed, flags.snapshot);
  const rate = flags.rate ?? param.base_lr;
  const task: PruneTask = {
    text: start.text,
    file: resolve(model),
    solver: param,
    data: sources(flags, ownSources(start.text, resolve(model))),
    session,
    seed: experiment.seed,
    cut,
    fineTune: {
      epochs: flags.fineTune,
      rate: flags.fineTuneRate ?? rate / 10,
    },
    retrain: { epochs: flags.retrain ?? 20, rate, drops: flags.drops },
    runDirectory: resolve(flags.runDir ?? defaultRunPath('prune')),
  };
  return { task, start };
}

function show(rounds: readonly LevelResult[], out: Printer): void {
  const rows = rounds.map((r) => [percent(r.level), percent(r.reached), r.parameters, percent(r.validation), r.epoch]);
  out.line(table(['level', 'removed', 'parameters', 'validation', 'epoch'], rows));
  for (const { level, reason } of rounds) if (reason) out.line(`${percent(level)}: ${reason}`);
}

/** Prune and retrain, gradually, or the search. @returns what --json prints */
export async function runProcedure(
  flags: PruneFlags,
  experiment: Experiment,
  cut: CutSettings,
  out: Printer,
): Promise<unknown> {
  const session = new Session(sessionSettings(experiment));
  try {
    const { task, start } = await taskOf(flags, experiment, cut, session);
    const { fineTune, retrain, data, runDirectory, seed } = task;
    const asked = { level: flags.level, gradual: flags.gradual, target: flags.target, search: flags.search === true };
    const log = new StageLog(join(runDirectory, 'decisions.ndjson'), { ...asked, fineTune, retrain, data, cut, seed });
    const outcome = await procedure(flags, task, start, log, out);
    const test = await log.run('test', async () => {
      if (!outcome.best) return null;
      const { text, state } = await reopen(task, outcome.best.checkpoint, false);
      return measureAccuracy({ ...task, text }, state.weights, data.test);
    });
    show(outcome.rounds, out);
    if (outcome.best)
      out.line(
        `best: ${percent(outcome.best.reached)} removed, ${percent(test!)} on test data: ${join(runDirectory, outcome.best.checkpoint)}`,
      );
    else out.line('no level keeps the accuracy');
    out.line(`decisions: ${log.path}`);
    return { ...outcome, test, run_directory: runDirectory };
  } finally {
    session.close();
  }
}

type Started = Awaited<ReturnType<typeof taskOf>>['start'];

async function procedure(flags: PruneFlags, task: PruneTask, start: Started, log: StageLog, out: Printer) {
  if (flags.search) {
    return searchLevel(
      task,
      start,
      {
        ...(flags.target !== undefined && { target: flags.target }),
        ...(flags.rounds !== undefined && { rounds: flags.rounds }),
        decided: (d) =>
          out.line(
            `${d.tried} %: ${percent(d.validation)} on validation data, ${d.held ? 'keeps' : 'loses'} ${percent(d.target)}; ${d.next === undefined ? 'done' : `next ${d.next} %`}`,
          ),
      },
      log,
    );
  }
  const levels = flags.level;
  if (levels === undefined) {
    throw usageError({ message: 'no level', expected: '--level 0.5,0.8', code: 'no-level' });
  }
  const rounds =
    flags.gradual === undefined
      ? await pruneAndRetrain(task, start, levels, log)
      : await pruneGradually(task, start, levels[0]!, flags.gradual, log);
  return { rounds, best: rounds.at(-1) };
}
