import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExperimentPrecision } from '../../orchestrator/precision/index.ts';
import {
  type PrecisionRun,
  precisionCost,
  precisionHead,
  precisionLine,
  precisionRun,
  readExperiment,
  StageLog,
  type Study,
} from '../../orchestrator/recipes/index.ts';
import { precisionReport } from '../../orchestrator/report/index.ts';

/** 1200 records in batches of 64. */
const ITERATIONS_PER_EPOCH = 19;

interface Options {
  readonly seeds: readonly number[];
  /** Epochs of the fp32 baseline; its rate falls by ten after a third and two thirds of them, as in the paper. */
  readonly epochs: number;
  readonly ladder: readonly (number | 'fp32')[];
  /** Epochs at the last level, and those after which the rate falls by ten. */
  readonly final: { readonly epochs: number; readonly decayEvery: number };
  /** Epochs between evaluations of MuPPET. */
  readonly every: number;
  /** Constants of MuPPET other than the paper's. */
  readonly constants?: { readonly alpha: number; readonly beta: number };
}

interface Schedule {
  readonly epochs: number;
  /** Epochs after which the rate falls by ten. */
  readonly decays: readonly number[];
  readonly precision?: ExperimentPrecision;
  /** Epochs between tests other than those between evaluations: they must end with the run where it does not end itself. */
  readonly testEvery?: number;
}

/** The solver of one run, written where the run goes. */
function writeSolver(folder: string, where: string, seed: number, schedule: Schedule, every: number): string {
  const { epochs, decays, testEvery = every } = schedule;
  mkdirSync(where, { recursive: true });
  const file = join(where, 'solver.prototxt');
  const steps = decays.map((epoch) => `stepvalue: ${epoch * ITERATIONS_PER_EPOCH}`).join(' ');
  writeFileSync(
    file,
    `net: "${join(folder, 'net.prototxt')}"
test_iter: 10 test_interval: ${testEvery * ITERATIONS_PER_EPOCH} test_initialization: false
base_lr: 0.02 momentum: 0.9 weight_decay: 0.0001
lr_policy: "multistep" gamma: 0.1 ${steps}
max_iter: ${epochs * ITERATIONS_PER_EPOCH} display: 0 random_seed: ${seed} snapshot_after_train: false
`,
  );
  return file;
}

/** The acceptance experiment of MuPPET on a small task: against fp32, against its lowest precision alone, against random switches. */
const study: Study = async ({ folder, runDirectory, options, say }) => {
  const { seeds, epochs, ladder, final, every, constants = {} } = options as unknown as Options;
  const stages = new StageLog(join(runDirectory, 'stages.ndjson'), options);
  const runs: PrecisionRun[] = [];
  for (const seed of seeds) {
    const run = async (name: string, schedule: Schedule): Promise<PrecisionRun> => {
      const done = await stages.run(`${name} ${seed}`, () => {
        const solverFile = writeSolver(folder, join(runDirectory, `${name}-${seed}`), seed, schedule, every);
        const { precision } = schedule;
        const experiment = { ...readExperiment(undefined), seed, ...(precision && { precision }) };
        return precisionRun({ name, seed, experiment, solverFile, iterationsPerEpoch: ITERATIONS_PER_EPOCH });
      });
      runs.push(done);
      say(runs.length === 1 ? `${precisionHead}\n${precisionLine(done, epochs)}` : precisionLine(done, epochs));
      return done;
    };
    const last = { ...final, factor: 0.1 };
    await run('fp32', { epochs, decays: [Math.round(epochs / 3), Math.round((2 * epochs) / 3)] });
    // Runs with a last phase end themselves.
    const open = { epochs: 1000, decays: [] };
    const muppet = await run('muppet', {
      ...open,
      precision: { policy: 'muppet', ladder, every, ...constants, final: last },
    });
    // The control's switches all fall before MuPPET's last one; the lowest level alone copies MuPPET's epochs and rates.
    const before = muppet.switches.at(-1) ?? epochs;
    await run('random', { ...open, precision: { policy: 'random', ladder, before, final: last } });
    const decays = [before + final.decayEvery, before + 2 * final.decayEvery];
    const lowest: ExperimentPrecision = { policy: 'fixed', ladder: [ladder[0]!] };
    await run('lowest', { epochs: muppet.words.length, decays, precision: lowest, testEvery: 1 });
  }
  const page = join(runDirectory, 'report.html');
  writeFileSync(page, precisionReport('MuPPET on a small task', runs));
  say(`report: ${page}`);
  return figures(runs, epochs);
};

function figures(runs: readonly PrecisionRun[], epochs: number) {
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const accuracy = (name: string) => mean(runs.filter((r) => r.name === name).map((r) => r.final));
  const muppet = runs.filter((r) => r.name === 'muppet');
  const phases = muppet.flatMap((r) => r.switches.slice(1).map((epoch, i) => epoch - r.switches[i]!));
  const switches = muppet.map((r) => r.switches.length);
  const [fp32, own, random, lowest] = ['fp32', 'muppet', 'random', 'lowest'].map(accuracy) as [
    number,
    number,
    number,
    number,
  ];
  return {
    ...{ fp32, muppet: own, random, lowest },
    muppet_minus_fp32: own - fp32,
    muppet_minus_lowest: own - lowest,
    muppet_minus_random: own - random,
    falling_word_lengths: muppet.filter((r) => r.words.some((bits, i) => i > 0 && bits < r.words[i - 1]!)).length,
    fewest_switches: Math.min(...switches),
    most_switches: Math.max(...switches),
    shortest_later_phase: Math.min(...phases),
    cost: mean(muppet.map((r) => precisionCost(r.words, epochs))),
  };
}

export default study;
