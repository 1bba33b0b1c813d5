import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { decodeState } from '../../orchestrator/snapshot/index.ts';
import { commandLine } from '../programs.ts';

/** A small LeNet with a random mask, so that a resume has streams to restore. 11 launches an iteration. */
const NET = `
name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.00390625 }
  data_param { source: "synthetic-digits:train?count=500&seed=1" batch_size: 32 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 8 kernel_size: 5 stride: 2 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2" convolution_param { num_output: 16 kernel_size: 3 group: 2 weight_filler { type: "xavier" } } }
layer { name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
layer { name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" inner_product_param { num_output: 40 weight_filler { type: "xavier" } } }
layer { name: "relu2" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" include { phase: TRAIN } }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip2" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }
`;

/** Launches of one iteration, and of one test pass. */
export const LAUNCHES = { step: 11, test: 4 } as const;

export interface TrainingOptions {
  readonly maxIter: number;
  readonly snapshot: number;
}

/** A folder with net and solver. */
export function trainingFolder({ maxIter, snapshot }: TrainingOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'crema-train-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'net.prototxt'), NET);
  writeFileSync(
    join(folder, 'solver.prototxt'),
    `net: "net.prototxt" test_iter: 1 test_interval: ${maxIter} base_lr: 0.05 momentum: 0.9 weight_decay: 0.001 lr_policy: "inv"
gamma: 0.01 power: 0.75 display: 2 average_loss: 3 max_iter: ${maxIter} snapshot: ${snapshot} snapshot_prefix: "small"\n`,
  );
  return folder;
}

export interface TrainedRun {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface TrainingRequest {
  readonly folder: string;
  /** Name of the run directory in the folder. */
  readonly run: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Once stderr matches, this is sent to the command. */
  readonly signal?: { readonly when: RegExp; readonly name: NodeJS.Signals };
}

/** \`crema train\` on the emulated card, as a user starts it. */
export async function train({ folder, run, args = [], env = {}, signal }: TrainingRequest): Promise<TrainedRun> {
  const settings = ['device=sim', 'memory=strict', 'threads=2'].flatMap((s) => ['--set', s]);
  const command = ['train', '--solver', join(folder, 'solver.prototxt'), '--run-dir', join(folder, run)];
  const began = performance.now();
  const child = execa(process.execPath, [...commandLine(), ...command, ...settings, ...args], {
    cwd: packageRoot(),
    env: { CREMA_SIM_QUIET: '1', ...env },
    reject: false,
  });
  let text = '';
  let sent = false;
  child.stderr.on('data', (bytes) => {
    text += bytes;
    if (!signal || sent || !signal.when.test(text)) return;
    sent = true;
    child.kill(signal.name);
  });
  const { exitCode, stdout, stderr } = await child;
  return { code: exitCode, stdout, stderr, seconds: (performance.now() - began) / 1000 };
}

/** What a run left: its newest snapshot, to the bit. */
export async function finalState(folder: string, run: string, iteration: number) {
  const prefix = join(folder, run, 'snapshots', `small_iter_${iteration}`);
  const model = readFileSync(`${prefix}.caffemodel`);
  const { iter, current_step, history } = await decodeState(readFileSync(`${prefix}.solverstate`), prefix);
  return { model, iter, current_step, history };
}

/** Losses of all iterations in the order they were made; one made twice (after a restart) must be the same. */
export function losses(folder: string, run: string): Map<number, number> {
  const seen = new Map<number, number>();
  for (const line of readFileSync(join(folder, run, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')) {
    const event = JSON.parse(line) as { kind: string; iteration: number; loss: number };
    if (event.kind !== 'train') continue;
    const before = seen.get(event.iteration);
    if (before !== undefined && before !== event.loss) throw new Error(`iteration ${event.iteration} has two losses`);
    seen.set(event.iteration, event.loss);
  }
  return seen;
}

export const snapshotFiles = (folder: string, run: string) => readdirSync(join(folder, run, 'snapshots')).sort();
