import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Session } from '../../orchestrator/executor/index.ts';
import { parseNet, parseSolver } from '../../orchestrator/proto/index.ts';
import {
  gradualLevels,
  namedClasses,
  nextLevel,
  ofClasses,
  ownSources,
  type PruneTask,
  pruneGradually,
  pruneModel,
  readClassGroups,
  readExperiment,
  reopen,
  StageLog,
  searchLevel,
  trainRun,
  trainWatched,
  writeCheckpoint,
} from '../../orchestrator/recipes/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'crema-pruning-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const NET = `
name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  transform_param { mean_value: 128 scale: 0.03125 } data_param { source: "synthetic-fields:train?classes=8&perclass=20" batch_size: 16 } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST }
  transform_param { mean_value: 128 scale: 0.03125 } data_param { source: "synthetic-fields:test?classes=8&perclass=10" batch_size: 20 } }
layer { name: "a" type: "Convolution" bottom: "data" top: "a" convolution_param { num_output: 8 kernel_size: 5 stride: 2 weight_filler { type: "msra" } } }
layer { name: "ra" type: "ReLU" bottom: "a" top: "a" }
layer { name: "b" type: "Convolution" bottom: "a" top: "b" convolution_param { num_output: 12 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "rb" type: "ReLU" bottom: "b" top: "b" }
layer { name: "fc" type: "InnerProduct" bottom: "b" top: "fc" inner_product_param { num_output: 8 weight_filler { type: "msra" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }
`;
const SOLVER = `net: "net.prototxt" test_iter: 4 test_interval: 10 base_lr: 0.01 lr_policy: "fixed" momentum: 0.9
  max_iter: 30 snapshot: 5 snapshot_prefix: "small" solver_mode: CPU random_seed: 3`;
const netFile = join(scratch, 'net.prototxt');
const solverFile = join(scratch, 'solver.prototxt');
writeFileSync(netFile, NET);
writeFileSync(solverFile, SOLVER);

const session = new Session({ device: 'host', board: 'u250', config: 'f32', threads: 2 });
const text = parseNet(NET, netFile);

/** A task of one epoch a training, on four of the classes. */
function taskIn(folder: string): PruneTask {
  const runDirectory = join(scratch, folder);
  mkdirSync(runDirectory, { recursive: true });
  return {
    ...{ text, file: netFile, session, seed: 2, runDirectory },
    solver: parseSolver(SOLVER, solverFile),
    data: ofClasses(ownSources(text, netFile), [0, 1, 4, 5]),
    cut: { ranker: 'taylor', batches: 2 },
    fineTune: { epochs: 1, rate: 0.001 },
    retrain: { epochs: 2, rate: 0.01 },
  };
}

/** The net after an epoch on all classes. */
async function trained() {
  const task = taskIn('trained');
  if (!existsSync(join(task.runDirectory, 'net.caffemodel'))) {
    const { train, validation } = ownSources(text, netFile);
    const schedule = { epochs: 2, rate: 0.01 };
    const fitted = await trainWatched({ ...task, schedule, train, validation });
    await writeCheckpoint(join(task.runDirectory, 'net'), netFile, text, { weights: fitted.best });
  }
  return reopen(task, 'net', false);
}

/** Runs a procedure whole, then again in a folder where it was stopped after `stages` stages; both logs. */
async function stopped(name: string, stages: number, procedure: (task: PruneTask, log: StageLog) => Promise<unknown>) {
  const whole = taskIn(`${name}-whole`);
  const log = (task: PruneTask) => new StageLog(join(task.runDirectory, 'decisions.ndjson'), { name });
  await procedure(whole, log(whole));
  const again = taskIn(`${name}-again`);
  const lines = readFileSync(join(whole.runDirectory, 'decisions.ndjson'), 'utf8').split('\n');
  writeFileSync(
    join(again.runDirectory, 'decisions.ndjson'),
    `${lines.slice(0, stages + 1).join('\n')}\n{"stage":"cut o`,
  );
  const finished = lines.slice(1, stages + 1).flatMap((line) => JSON.parse(line).result.checkpoint ?? []);
  for (const file of readdirSync(whole.runDirectory).filter((f) => finished.some((c) => f.startsWith(`${c}.`)))) {
    copyFileSync(join(whole.runDirectory, file), join(again.runDirectory, file));
  }
  await procedure(again, log(again));
  const all = (task: PruneTask) =>
    Object.fromEntries(
      readdirSync(task.runDirectory)
        .filter((f) => /caffemodel|ndjson|prototxt/.test(f))
        .map((f) => [f, readFileSync(join(task.runDirectory, f))]),
    );
  return { whole: all(whole), again: all(again), stages: lines.length - 2 };
}

describe('procedures', () => {
  test('the search goes on with the same decisions and the same bits', async () => {
    const start = await trained();
    const { whole, again, stages } = await stopped('search', 3, (task, log) =>
      searchLevel(task, start, { target: 0.3, rounds: 3 }, log),
    );
    expect(stages).toBeGreaterThanOrEqual(6);
    expect(again).toEqual(whole);
  });

  test('gradual pruning too', async () => {
    const start = await trained();
    const { whole, again } = await stopped('gradual', 2, (task, log) => pruneGradually(task, start, 0.6, 3, log));
    expect(again).toEqual(whole);
    const last = JSON.parse(whole['decisions.ndjson']!.toString().trim().split('\n').at(-1)!);
    expect(last.result.reached).toBeGreaterThanOrEqual(0.6);
    expect(last.result.reached).toBeLessThan(0.66);
  });

  test('decisions look at validation data that training does not', async () => {
    const own = ownSources(text, netFile);
    expect(own.train).toContain('hold=5');
    expect(own.validation).toContain('held=5');
    expect(own.test).toBe('synthetic-fields:test?classes=8&perclass=10');
  });

  test('the bisection takes the published steps', () => {
    const up: number[] = [50];
    while (up.length < 8 && nextLevel(up.at(-1)!, 95, 5) !== up.at(-1)) up.push(nextLevel(up.at(-1)!, 95, 5));
    expect(up).toEqual([50, 75, 85, 90, 95]);
    const down: number[] = [50];
    while (down.length < 8 && nextLevel(5, down.at(-1)!, 5) !== down.at(-1)) down.push(nextLevel(5, down.at(-1)!, 5));
    expect(down).toEqual([50, 30, 20, 15, 10]);
    expect(gradualLevels(0.8, 2)).toEqual([expect.closeTo(0.7), expect.closeTo(0.8)]);
  });

  test('classes have names', () => {
    const file = join(scratch, 'groups.yaml');
    writeFileSync(file, 'water: 0-3\nland: [5, 7]\n');
    const groups = readClassGroups(file);
    expect(namedClasses('land, 9,water', groups)).toEqual([0, 1, 2, 3, 5, 7, 9]);
    expect(() => namedClasses('wate', groups)).toThrow("did you mean 'water'");
  });
});

describe('prune: in experiment.yaml', () => {
  const train = async (folder: string, maxIter: number, resume?: string, weights?: readonly string[]) => {
    const experiment = readExperiment(undefined, [
      'device=host',
      'prune={level: 0.5, at: epoch 1, ranker: taylor, batches: 2}',
    ]);
    const runDirectory = join(scratch, folder);
    const notices: string[] = [];
    const { summary } = await trainRun({
      ...{ experiment, solverFile, session: { device: 'host', board: 'u250', config: 'f32' }, runDirectory, maxIter },
      ...(resume && { resume }),
      ...(weights && { weights }),
      sinks: [(event) => event.kind === 'notice' && notices.push(event.message)],
    });
    return { summary, notices, model: readFileSync(summary.snapshot!.model) };
  };

  test('goes on with a smaller net, and may be stopped before and after', async () => {
    const whole = await train('whole', 20);
    expect(whole.notices.join()).toContain('Iteration 10, pruned: 5');
    const cut = parseNet(readFileSync(join(scratch, 'whole/snapshots/small_pruned.prototxt')), 'pruned');
    const widths = cut.layer.flatMap((l) => l.convolution_param?.num_output ?? []);
    expect(widths.reduce((a, b) => a + b)).toBeLessThan(20);
    await train('early', 5);
    expect((await train('early', 20, 'auto')).model).toEqual(whole.model);
    await train('at', 10);
    expect((await train('at', 20, 'auto')).model).toEqual(whole.model);
    await train('late', 15);
    const late = await train('late', 20, 'auto');
    expect(late.model).toEqual(whole.model);
    expect(late.notices.join()).not.toContain('pruned');
  });

  test('starts from weights of the whole net', async () => {
    await trained();
    const { notices, summary } = await train('weights', 12, undefined, [join(scratch, 'trained', 'net.caffemodel')]);
    expect(notices.join()).toContain('pruned: 5');
    expect(summary.iterations).toBe(12);
  });

  test('refuses what it cannot do', async () => {
    expect(() => readExperiment(undefined, ['prune={level: 2, at: 5}'])).toThrow('must be < 1');
    expect(() => readExperiment(undefined, ['prune={level: 0.5, at: epoch five}'])).toThrow('pattern');
  });
});

test('a pruned model is files that open again', async () => {
  const start = await trained();
  const folder = taskIn('trained').runDirectory;
  const out = join(scratch, 'cut');
  const request = {
    model: netFile,
    weights: [join(folder, 'net.caffemodel')],
    seed: 1,
    session: { device: 'host', board: 'u250', config: 'f32' },
  };
  const cut = await pruneModel({ ...request, level: 0.5, cut: { criterion: 'macs' }, out });
  expect(cut.level.reached).toBeGreaterThanOrEqual(0.5);
  const again = await reopen({ ...taskIn('cut'), runDirectory: out }, 'net', false);
  expect([...again.state.weights.keys()]).toEqual([...start.state.weights.keys()]);
  for (const [key, data] of cut.state.weights) expect(again.state.weights.get(key), key).toEqual(data);
});
