import { type EventSink, inputError } from '../core/index.ts';
import { decodePrecision, levelBits } from '../precision/index.ts';
import type { Experiment } from './experiment.ts';
import { sessionSettings } from './session-settings.ts';
import { trainRun } from './train.ts';

/** One training under a precision policy, epoch by epoch. */
export interface PrecisionRun {
  readonly name: string;
  readonly seed: number;
  /** Test accuracy of the master weights in percent, at the end and at its best. */
  readonly final: number;
  readonly best: number;
  /** Epoch and accuracy. */
  readonly accuracy: readonly (readonly [number, number])[];
  /** Bits of each epoch; 32 is fp32. */
  readonly words: readonly number[];
  /** First epoch of each further level. */
  readonly switches: readonly number[];
  /** What MuPPET saw: D, p, T. */
  readonly evaluations: readonly {
    readonly epoch: number;
    readonly diversity: number;
    readonly ratio: number;
    readonly threshold: number;
    readonly violations: number;
  }[];
}

export interface PrecisionRunRequest {
  readonly name: string;
  readonly seed: number;
  readonly experiment: Experiment;
  readonly solverFile: string;
  readonly iterationsPerEpoch: number;
  readonly runDirectory?: string;
}

/** Trains once and watches test accuracy, word length and what the policy saw. The net's accuracy is its top `accuracy`. */
export async function precisionRun(request: PrecisionRunRequest): Promise<PrecisionRun> {
  const { experiment, iterationsPerEpoch, name, seed } = request;
  const accuracy: [number, number][] = [];
  const evaluations: PrecisionRun['evaluations'][number][] = [];
  const words: number[] = [];
  const ladder = decodePrecision(experiment)?.ladder ?? ['fp32' as const];
  let level = 0;
  const watch: EventSink = (event) => {
    if (event.kind === 'train') words[Math.floor(event.iteration / iterationsPerEpoch)] ??= levelBits(ladder[level]!);
    if (event.kind === 'precision') {
      level = event.level;
      if (event.evaluation) evaluations.push({ epoch: event.epoch, ...event.evaluation });
    }
    if (event.kind === 'test') {
      const found = event.outputs.find((o) => o.blob === 'accuracy');
      if (found) accuracy.push([event.iteration / iterationsPerEpoch, 100 * found.value]);
    }
  };
  const { precision: _, ...session } = sessionSettings(experiment);
  const { solverFile, runDirectory } = request;
  const { summary } = await trainRun({ experiment, solverFile, session, sinks: [watch], runDirectory });
  const switches = words.flatMap((bits, epoch) => (epoch > 0 && bits !== words[epoch - 1] ? [epoch] : []));
  if (summary.final_accuracy === null) {
    throw inputError({
      message: `the run ends at iteration ${summary.iterations} without a test that measures accuracy`,
      path: 'test_interval',
      expected: 'one that divides the last iteration, and an Accuracy layer in phase TEST',
      code: 'no-final-test',
    });
  }
  const final = 100 * summary.final_accuracy;
  const best = Math.max(final, ...accuracy.map(([, a]) => a));
  return { name, seed, final, best, accuracy, words, switches, evaluations };
}

/** Sum over epochs of (word length / 32)², relative to as many fp32 epochs: the published measure of what narrow arithmetic saves. */
export const precisionCost = (words: readonly number[], fp32Epochs: number): number =>
  words.reduce((sum, bits) => sum + (bits / 32) ** 2, 0) / fp32Epochs;

/** A line for a run, under `precisionHead`. */
export function precisionLine(run: PrecisionRun, fp32Epochs: number): string {
  return [
    run.name.padEnd(10),
    String(run.seed).padStart(4),
    String(run.words.length).padStart(8),
    run.final.toFixed(1).padStart(8),
    run.best.toFixed(1).padStart(8),
    precisionCost(run.words, fp32Epochs).toFixed(3).padStart(8),
    `  ${run.switches.join(' ')}`,
  ].join('');
}

export const precisionHead = 'run       seed  epochs   final    best    cost  switches';
