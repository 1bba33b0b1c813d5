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

interface Options {
  readonly seeds: readonly number[];
  /** Iterations between looks at the gradients: ten to an epoch of the 10,000 digits, so that a ladder is climbed in minutes. */
  readonly period: number;
  /** Batches of 100 digits that a test looks at. */
  readonly testBatches: number;
  /** Settings of `precision` in experiment.yaml, `final` counted in periods. */
  readonly precision: ExperimentPrecision & {
    readonly final: { readonly epochs: number; readonly decayEvery: number };
  };
}

/** Caffe's LeNet solver with a constant rate and two falls at the end, as MuPPET trains. */
function solverText(net: string, seed: number, options: Options, periods: number, decays: readonly number[]): string {
  const { period, testBatches } = options;
  const steps = decays.map((at) => `stepvalue: ${at * period}`).join(' ');
  return `net: "${net}"
test_iter: ${testBatches} test_interval: ${period} test_initialization: false
base_lr: 0.01 momentum: 0.9 weight_decay: 0.0005
lr_policy: "multistep" gamma: 0.1 ${steps}
max_iter: ${periods * period} display: 0 random_seed: ${seed} snapshot_after_train: false
`;
}

/** LeNet up MuPPET's own ladder, then the same number of iterations, with the same rates, in fp32. */
const study: Study = async ({ folder, runDirectory, options, say }) => {
  const chosen = options as unknown as Options;
  const { seeds, period, precision } = chosen;
  const stages = new StageLog(join(runDirectory, 'stages.ndjson'), options);
  const net = join(folder, 'lenet.prototxt');
  const runs: PrecisionRun[] = [];
  for (const seed of seeds) {
    const run = async (name: string, periods: number, decays: readonly number[], own?: ExperimentPrecision) => {
      const done = await stages.run(`${name} ${seed}`, () => {
        const where = join(runDirectory, `${name}-${seed}`);
        mkdirSync(where, { recursive: true });
        const solverFile = join(where, 'solver.prototxt');
        writeFileSync(solverFile, solverText(net, seed, chosen, periods, decays));
        const experiment = { ...readExperiment(undefined), seed, ...(own && { precision: own }) };
        return precisionRun({ name, seed, experiment, solverFile, iterationsPerEpoch: period });
      });
      runs.push(done);
      say(
        runs.length === 1
          ? `${precisionHead}\n${precisionLine(done, done.words.length)}`
          : precisionLine(done, done.words.length),
      );
      return done;
    };
    const muppet = await run('muppet', 1000, [], { ...precision, iterationsPerEpoch: period });
    const last = muppet.switches.at(-1) ?? 0;
    const { epochs, decayEvery } = precision.final;
    const decays = Array.from({ length: Math.ceil(epochs / decayEvery) - 1 }, (_, i) => last + (i + 1) * decayEvery);
    await run('fp32', muppet.words.length, decays);
  }
  const page = join(runDirectory, 'report.html');
  writeFileSync(page, precisionReport('LeNet up a ladder of word lengths', runs));
  say(`report: ${page}`);
  const of = (name: string) => runs.filter((r) => r.name === name);
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  const muppet = mean(of('muppet').map((r) => r.final));
  const fp32 = mean(of('fp32').map((r) => r.final));
  return {
    muppet,
    fp32,
    muppet_minus_fp32: muppet - fp32,
    fewest_switches: Math.min(...of('muppet').map((r) => r.switches.length)),
    cost: mean(of('muppet').map((r) => precisionCost(r.words, r.words.length))),
  };
};

export default study;
