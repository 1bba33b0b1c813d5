import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { Session } from '../../orchestrator/executor/index.ts';
import { buildNet } from '../../orchestrator/net/index.ts';
import { type NetParameter, parseNet, parseSolver } from '../../orchestrator/proto/index.ts';
import {
  type DataSources,
  describePlan,
  type LevelResult,
  measureAccuracy,
  ofClasses,
  type PruneTask,
  pruneAndRetrain,
  readExperiment,
  reopen,
  type Schedule,
  StageLog,
  type Study,
  searchLevel,
  sessionSettings,
  type Trained,
  trainWatched,
  withRecords,
  writeCheckpoint,
} from '../../orchestrator/recipes/index.ts';
import { type Cost, type Row, resultPage, resultPicture } from './page.ts';

interface Options {
  readonly seeds: readonly number[];
  readonly levels: readonly number[];
  /** Epochs: before pruning, fine-tuning on the subset, training again. */
  readonly pretrain: number;
  readonly fineTune: number;
  readonly retrain: number;
  readonly search: boolean;
}

const CLASSES = 20;
const RATE = 0.01;

/** Eight classes of two groups of relatives, and six classes at random. */
function subsets(seed: number): Record<string, readonly number[]> {
  const draws = new RandomStream(seed, 'prune-subset/classes');
  const [a, b] = draws.shuffle([0, 1, 2, 3, 4]) as [number, number];
  const near = [a, b].sort((x, y) => x - y).flatMap((group) => [0, 1, 2, 3].map((k) => 4 * group + k));
  const random = draws.shuffle([...Array(CLASSES).keys()]).slice(0, 6);
  return { 'eight near': near, 'six random': random.sort((x, y) => x - y) };
}

/** A tenth of the rate after half and after five sixths of the epochs. */
const schedule = (epochs: number, rate = RATE): Schedule => ({
  epochs,
  rate,
  drops: [Math.round(epochs / 2), Math.round((5 * epochs) / 6)],
});

/** Modelled cycles and memory of one training step. */
function costOf(text: NetParameter, session: Session, train: string): Cost {
  const net = buildNet(withRecords(text, train), { phase: 'TRAIN', file: 'net.prototxt' });
  const plan = describePlan(session.plan(net), net, session.manifest);
  return { cycles: plan.cycles ?? 0, bytes: plan.blob_bytes + plan.parameter_bytes + plan.layer_bytes };
}

/** One seed: its data, its trained net, and the three ways to prune it for each subset. */
class Seed {
  private readonly base: Omit<PruneTask, 'data' | 'fineTune' | 'retrain'>;
  readonly options: Options;
  readonly log: StageLog;
  readonly all: DataSources;
  readonly name: string;

  constructor(base: Omit<PruneTask, 'data' | 'fineTune' | 'retrain'>, options: Options, log: StageLog) {
    this.base = base;
    this.options = options;
    this.log = log;
    this.name = `seed-${base.seed}`;
    const part = (name: string) => `synthetic-fields:${name}?seed=${base.seed}`;
    this.all = { train: part('train'), validation: part('val'), test: part('test') };
  }

  task(data: DataSources, fineTune: number, retrain: number): PruneTask {
    return { ...this.base, data, fineTune: { epochs: fineTune, rate: RATE / 10 }, retrain: schedule(retrain) };
  }

  /** The net trained on all classes: weights of the best epoch. */
  async pretrained(): Promise<Trained> {
    const task = this.task(this.all, 0, 0);
    const checkpoint = `${this.name}-trained`;
    await this.log.run(checkpoint, async () => {
      const { train, validation } = this.all;
      const fitted = await trainWatched({ ...task, schedule: schedule(this.options.pretrain), train, validation });
      await writeCheckpoint(join(task.runDirectory, checkpoint), task.file, task.text, { weights: fitted.best });
      return { validation: fitted.accuracy, epoch: fitted.epoch };
    });
    return reopen(task, checkpoint, false);
  }

  /** Accuracy on a subset's test data. */
  test(stage: string, checkpoint: string, data: DataSources): Promise<number> {
    return this.log.run(`${stage}: test`, async () => {
      const task = this.task(data, 0, 0);
      const { text, state } = await reopen(task, checkpoint, false);
      return measureAccuracy({ ...task, text }, state.weights, data.test);
    });
  }

  async results(name: string, rounds: readonly LevelResult[], data: DataSources): Promise<number[]> {
    const tests: number[] = [];
    for (const round of rounds) tests.push(await this.test(`${name} ${round.level}`, round.checkpoint, data));
    return tests;
  }
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/**
 * Agnostic: prune, train again on all classes. Aware: fine-tune on the subset, prune, train again on it. Control: prune as the
 * agnostic arm does, train again on the subset. All for the same number of epochs, tested on the subset.
 */
const study: Study = async ({ folder, runDirectory, options: given, say }) => {
  const options = given as unknown as Options;
  const { levels, fineTune, retrain } = options;
  const file = join(folder, 'net.prototxt');
  const text = parseNet(readFileSync(file), file);
  const solver = parseSolver(readFileSync(join(folder, 'solver.prototxt')), 'solver.prototxt');
  const log = new StageLog(join(runDirectory, 'decisions.ndjson'), options);
  const session = new Session(sessionSettings(readExperiment(join(folder, 'experiment.yaml'))));
  const rows: Row[] = [];
  const reached: number[] = [];
  const searched: number[] = [];
  const costs: Cost[] = [];
  try {
    for (const number of options.seeds) {
      const seed = new Seed({ text, file, solver, session, seed: number, cut: {}, runDirectory }, options, log);
      const start = await seed.pretrained();
      const everything = seed.task(seed.all, 0, fineTune + retrain);
      const agnostic = await pruneAndRetrain(everything, start, levels, log, `${seed.name}-agnostic-`);
      say(`seed ${number}: trained, and pruned without regard to the data`);
      for (const [name, classes] of Object.entries(subsets(number))) {
        const data = ofClasses(seed.all, classes);
        const id = `${seed.name}-${name.replace(' ', '-')}`;
        const before = await seed.test(`${id} whole`, `${seed.name}-trained`, data);
        const aware = await pruneAndRetrain(seed.task(data, fineTune, retrain), start, levels, log, `${id}-aware-`);
        const control = await pruneAndRetrain(
          seed.task(data, 0, fineTune + retrain),
          start,
          levels,
          log,
          `${id}-control-`,
        );
        const row: Row = {
          ...{ seed: number, subset: name, whole: before },
          agnostic: await seed.results(`${id} agnostic`, agnostic, data),
          aware: await seed.results(`${id} aware`, aware, data),
          control: await seed.results(`${id} control`, control, data),
        };
        rows.push(row);
        for (const result of [...agnostic, ...aware, ...control]) reached.push(Math.abs(result.reached - result.level));
        const points = levels.map(
          (level, i) =>
            `${100 * level} %: ${(100 * row.agnostic[i]!).toFixed(0)} / ${(100 * row.aware[i]!).toFixed(0)}`,
        );
        say(`seed ${number}, ${name} (${(100 * before).toFixed(0)} before), agnostic / aware at ${points.join(', ')}`);
        if (costs.length === 0) {
          costs.push(costOf(text, session, data.train));
          for (const { checkpoint } of aware)
            costs.push(costOf((await reopen(everything, checkpoint, false)).text, session, data.train));
        }
        if (!options.search || name !== 'six random') continue;
        const found = await searchSubset(seed, data, start, `${id}-search`);
        say(`seed ${number}, ${name}: the search returns ${found} %`);
        searched.push(found);
      }
    }
  } finally {
    session.close();
  }
  const figures = summary(rows, levels, reached, searched);
  writeFileSync(join(runDirectory, 'report.html'), resultPage(rows, levels, costs, figures));
  writeFileSync(join(runDirectory, 'levels.svg'), resultPicture(rows, levels, costs));
  return { ...figures, report: join(runDirectory, 'report.html') };
};

/** The highest level that keeps the accuracy of the net as it was, in percent; 0 where none does. Its decisions have a file of their own. */
async function searchSubset(seed: Seed, data: DataSources, start: Trained, name: string): Promise<number> {
  const { options, log } = seed;
  const task = seed.task(data, options.fineTune, options.retrain);
  const runDirectory = join(task.runDirectory, name);
  const own = new StageLog(join(runDirectory, 'decisions.ndjson'), options);
  const { best } = await log.run(name, async () => {
    const result = await searchLevel({ ...task, runDirectory }, start, {}, own);
    return { best: result.best ?? null };
  });
  return best ? Math.round(100 * best.level) : 0;
}

function summary(
  rows: readonly Row[],
  levels: readonly number[],
  reached: readonly number[],
  searched: readonly number[],
) {
  const figures: Record<string, number> = { whole: 100 * mean(rows.map((row) => row.whole)) };
  for (const [i, level] of levels.entries()) {
    const of = (arm: 'agnostic' | 'aware' | 'control') => 100 * mean(rows.map((row) => row[arm][i]!));
    const at = Math.round(100 * level);
    for (const arm of ['agnostic', 'aware', 'control'] as const) figures[`${arm}_${at}`] = of(arm);
    figures[`gain_${at}`] = of('aware') - of('agnostic');
    figures[`gain_${at}_control`] = of('control') - of('agnostic');
  }
  figures['level_off'] = 100 * Math.max(...reached);
  if (searched.length > 0) figures['search_least'] = Math.min(...searched);
  return figures;
}

export default study;
