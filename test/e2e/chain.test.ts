import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { xclbinPath } from '../../orchestrator/kernels/index.ts';
import {
  adaptDefaults,
  adaptRun,
  readExperiment,
  sessionSettings,
  trainRun,
} from '../../orchestrator/recipes/index.ts';
import { simBuilt } from './children.ts';

const built = simBuilt && existsSync(xclbinPath('u250', 'i8'));
const NET = `name: "tiny"
layer { name: "data" type: "Data" top: "data" top: "label" transform_param { mean_value: 128 scale: 0.03125 }
  data_param { source: "synthetic-fields:train?classes=8&shape=3x8x8" batch_size: 32 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 12 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2" convolution_param { num_output: 12 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
layer { name: "pool" type: "Pooling" bottom: "conv2" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc" inner_product_param { num_output: 8 weight_filler { type: "msra" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }`;
const ITERATIONS = 24;
const [PRUNE, SNAPSHOT] = [8, 12];

const folder = mkdtempSync(join(tmpdir(), 'crema-chain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Trains in `run`; `halfway` stops after the snapshot in the middle and goes on from it. */
async function train(run: string, solverFile: string, settings: readonly string[], halfway: boolean): Promise<string> {
  const experiment = readExperiment(undefined, [...settings, 'memory=strict', 'threads=2']);
  const { precision: _, ...session } = sessionSettings(experiment);
  const request = { experiment, session, solverFile, runDirectory: run, sinks: [] };
  if (halfway) await trainRun({ ...request, maxIter: SNAPSHOT + 1 });
  const resume = halfway ? join(run, 'snapshots', `tiny_iter_${SNAPSHOT}.solverstate`) : undefined;
  const { summary } = await trainRun({ ...request, resume });
  return summary.snapshot!.model;
}

function solver(run: string, net: string, weights?: string): string {
  mkdirSync(run, { recursive: true });
  const file = join(run, 'solver.prototxt');
  const start = weights ? `weights: "${weights}"` : '';
  writeFileSync(
    file,
    `net: "${net}" ${start} base_lr: 0.02 momentum: 0.9 weight_decay: 0.0005 lr_policy: "fixed" max_iter: ${ITERATIONS}
snapshot: ${SNAPSHOT} snapshot_prefix: "tiny"`,
  );
  return file;
}

/** The three stages below one run directory. `halfway`: each is stopped in its middle and resumed. */
async function chain(name: string, halfway: boolean) {
  const run = join(folder, name);
  const whole = join(folder, 'net.prototxt');
  writeFileSync(whole, NET);
  const pruning = join(run, 'prune');
  const pruned = await train(pruning, solver(pruning, whole), [`prune={level: 0.5, at: ${PRUNE}}`], halfway);
  const text = readdirSync(join(pruning, 'snapshots')).find((file) => file.endsWith('.prototxt'))!;
  const net = join(pruning, 'snapshots', text);
  const muppet = join(run, 'muppet');
  const policy =
    '{policy: muppet, ladder: [6, 8, fp32], every: 1, alpha: 0.1, beta: 0, iterationsPerEpoch: 5, final: null}';
  const trained = await train(muppet, solver(muppet, net, pruned), [`precision=${policy}`], halfway);
  const part = (only: string, first: number) => `synthetic-fields:test?classes=8&shape=3x8x8&only=${only}#${first}:120`;
  const session = sessionSettings(
    readExperiment(undefined, ['precision={policy: fixed, ladder: [8], test: level}', 'memory=strict', 'threads=2']),
  );
  const request = {
    ...adaptDefaults,
    ...{ model: net, weights: [trained], session, runDirectory: join(run, 'adapt') },
    streams: [part('0-2', 0), part('4,6,7', 0)],
    evaluate: [part('0-2', 120), part('4,6,7', 120)],
    training: { ...adaptDefaults.training, batch: 32, perClass: 30, epochs: 2 },
    watch: { ...adaptDefaults.watch, window: 30 },
  };
  if (halfway) {
    let windows = 0;
    await adaptRun({ ...request, shouldStop: () => ++windows === 3 });
  }
  await adaptRun({ ...request, resume: halfway });
  const bytes = (file: string) => readFileSync(file);
  return [pruned, trained, join(run, 'adapt', 'adapted.caffemodel'), net].map(bytes);
}

describe.skipIf(!built)('pruning, then MuPPET, then adaptation in one run directory', () => {
  it('gives the same bits where each stage was stopped in its middle', async () => {
    const [pruned, trained, adapted, net] = await chain('whole', false);
    const [prunedAgain, trainedAgain, adaptedAgain, netAgain] = await chain('halfway', true);
    expect(net!.toString()).toContain('num_output');
    expect(netAgain!.equals(net!)).toBe(true);
    expect(prunedAgain!.equals(pruned!)).toBe(true);
    expect(trainedAgain!.equals(trained!)).toBe(true);
    expect(adaptedAgain!.equals(adapted!)).toBe(true);
    // The stages did something: sizes fell, weights moved.
    expect(pruned!.length).toBeLessThan(0.8 * (4 * (12 * 27 + 12 * 108 + 8 * 108)));
    expect(trained!.equals(pruned!)).toBe(false);
    expect(adapted!.equals(trained!)).toBe(false);
  }, 120_000);
});
