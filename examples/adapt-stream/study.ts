import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../../orchestrator/core/index.ts';
import type { SessionSettings } from '../../orchestrator/executor/index.ts';
import { decodePrecision } from '../../orchestrator/precision/index.ts';
import {
  type AdaptSummary,
  adaptDefaults,
  adaptRun,
  METHODS,
  readExperiment,
  trainRun,
} from '../../orchestrator/recipes/index.ts';
import { StageLog } from '../../orchestrator/recipes/stages.ts';
import type { Study, StudyContext } from '../../orchestrator/recipes/study.ts';
import { adaptationReport } from '../../orchestrator/report/index.ts';
import { type StudyRow, summaryPage } from './page.ts';

const CLASSES = 20;
/** Records of a class in the stream; as many others serve to score on. */
const PER_CLASS = 50;

interface Options {
  readonly seeds: readonly number[];
  readonly iterations: number;
  /** Numbers the features come in. */
  readonly numbers: readonly ('fp32' | 'int8')[];
  readonly subsets: readonly string[];
}

/** Two disjoint sets of classes: the stream shows one, then the other. */
type Pair = readonly [readonly number[], readonly number[]];

/** The acceptance experiment's subsets: four related classes, five random ones, ten random ones; each with a disjoint one to switch to. */
function pairs(seed: number): Record<string, Pair> {
  const random = new RandomStream(seed, 'adapt-stream/subsets');
  const groups = random.shuffle([0, 1, 2, 3, 4]);
  const group = (g: number) => [0, 1, 2, 3].map((k) => 4 * g + k);
  const sorted = (list: number[]) => list.sort((a, b) => a - b);
  const cut = (n: number): Pair => {
    const all = random.shuffle([...Array(CLASSES).keys()]);
    return [sorted(all.slice(0, n)), sorted(all.slice(n, 2 * n))];
  };
  return { 'four near': [group(groups[0]!), group(groups[1]!)], 'five random': cut(5), 'ten random': cut(10) };
}

/** The net and its solver with the records of another seed. */
function writeNet({ folder, runDirectory }: StudyContext, seed: number): { model: string; solver: string } {
  const at = join(runDirectory, `seed-${seed}`);
  mkdirSync(at, { recursive: true });
  const text = (file: string) => readFileSync(join(folder, file), 'utf8');
  writeFileSync(join(at, 'net.prototxt'), text('net.prototxt').replaceAll('seed=1', `seed=${seed}`));
  writeFileSync(join(at, 'solver.prototxt'), text('solver.prototxt'));
  return { model: join(at, 'net.prototxt'), solver: join(at, 'solver.prototxt') };
}

const SETTINGS = {
  fp32: ['device=sim', 'config=f32'],
  int8: ['device=sim', 'config=i8', 'precision={policy: fixed, ladder: [8]}'],
} as const;

function sessionOf(numbers: 'fp32' | 'int8', seed: number) {
  const experiment = readExperiment(undefined, [...SETTINGS[numbers], `seed=${seed}`]);
  const { device, board, config, memory } = experiment;
  const session: SessionSettings = { device, board, config, memory, precision: decodePrecision(experiment) };
  return { experiment, session };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Trains a net a seed on the emulated card, then adapts it to each pair of subsets in each kind of numbers. */
const study: Study = async (context) => {
  const options = context.options as unknown as Options;
  const { runDirectory, say } = context;
  const log = new StageLog(join(runDirectory, 'stages.ndjson'), options);
  const rows: StudyRow[] = [];
  for (const seed of options.seeds) {
    const { model, solver } = writeNet(context, seed);
    const { experiment, session } = sessionOf('fp32', seed);
    const trained = await log.run(`train ${seed}`, async () => {
      const runFolder = join(runDirectory, `seed-${seed}`, 'train');
      const { summary } = await trainRun({
        experiment,
        solverFile: solver,
        session,
        runDirectory: runFolder,
        maxIter: options.iterations,
        sinks: [],
      });
      return { weights: summary.snapshot!.model };
    });
    say(`seed ${seed}: trained for ${options.iterations} iterations`);
    for (const [name, pair] of Object.entries(pairs(seed)).filter(([key]) => options.subsets.includes(key))) {
      for (const numbers of options.numbers) {
        const stage = `adapt ${seed} ${name} ${numbers}`;
        const summary = await log.run(stage, () =>
          adapt(context, { seed, name, numbers, pair, model, weights: trained.weights }),
        );
        rows.push({ seed, subset: name, numbers, summary });
        const shown = METHODS.map((m) => `${m} ${(100 * (summary.accuracy[m] ?? 0)).toFixed(1)}`).join(', ');
        say(`${stage}: ${shown}; missed ${summary.missed_classes}, spurious ${summary.spurious_classes}`);
      }
    }
  }
  const figures = figuresOf(rows);
  writeFileSync(join(runDirectory, 'report.html'), summaryPage(rows, figures));
  return figures;
};

async function adapt(
  { runDirectory }: StudyContext,
  run: { seed: number; name: string; numbers: 'fp32' | 'int8'; pair: Pair; model: string; weights: string },
): Promise<AdaptSummary> {
  const { seed, name, numbers, pair, model, weights } = run;
  const part = (classes: readonly number[], first: number) =>
    `synthetic-fields:test?seed=${seed}&only=${classes.join(',')}#${first * classes.length}:${PER_CLASS * classes.length}`;
  const folder = join(runDirectory, `seed-${seed}`, `${name.replace(' ', '-')}-${numbers}`);
  const { summary, records } = await adaptRun({
    ...adaptDefaults,
    model,
    weights: [weights],
    streams: pair.map((classes) => part(classes, 0)),
    evaluate: pair.map((classes) => part(classes, PER_CLASS)),
    session: sessionOf(numbers, seed).session,
    seed,
    runDirectory: folder,
    resume: true,
  });
  writeFileSync(join(folder, 'report.html'), adaptationReport(summary!, records));
  return summary!;
}

/** Means over all runs in fp32, in points; extremes where a bar is one. */
function figuresOf(rows: readonly StudyRow[]): Record<string, number> {
  const of = (numbers: string) => rows.filter((r) => r.numbers === numbers).map((r) => r.summary);
  const fp32 = of('fp32');
  const points = (list: readonly AdaptSummary[], value: (s: AdaptSummary) => number) => 100 * mean(list.map(value));
  const figures: Record<string, number> = {};
  for (const method of METHODS) figures[`accuracy_${method}`] = points(fp32, (s) => s.accuracy[method]!);
  figures['generated_minus_none'] = points(fp32, (s) => s.generated_minus_none);
  figures['generated_minus_source'] = points(fp32, (s) => s.generated_minus_source!);
  figures['generated_minus_mask'] = points(fp32, (s) => s.generated_minus_mask);
  figures['after_switch_minus_fresh'] = points(fp32, (s) => s.segments[1]!.accuracy.generated! - s.segments[1]!.fresh);
  figures['missed_classes'] = Math.max(...rows.map((r) => r.summary.missed_classes));
  figures['spurious_classes'] = Math.max(...rows.map((r) => r.summary.spurious_classes));
  // A run that did not adapt again counts as many windows as there are.
  figures['readapted_after'] = Math.max(...rows.map((r) => r.summary.readapted_after ?? r.summary.windows));
  figures['memory_ratio'] = Math.min(...rows.map((r) => r.summary.memory_ratio));
  figures['backbone_unchanged'] = Math.min(...rows.map((r) => r.summary.backbone_unchanged));
  const int8 = of('int8');
  if (int8.length > 0) {
    figures['accuracy_generated_int8'] = points(int8, (s) => s.accuracy.generated!);
    figures['int8_drop'] = figures['accuracy_generated']! - figures['accuracy_generated_int8'];
  }
  return figures;
}

export default study;
