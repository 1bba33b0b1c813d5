import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../orchestrator/core/index.ts';
import { integerShape, launchGeometry, Session, type SessionSettings } from '../../orchestrator/executor/index.ts';
import { loadManifest, xclbinPath } from '../../orchestrator/kernels/index.ts';
import { buildNet, closeNet, createParams } from '../../orchestrator/net/index.ts';
import { planTraffic } from '../../orchestrator/plan/index.ts';
import {
  accumulatorBias,
  decodePrecision,
  drawKey,
  type ExperimentPrecision,
  exponentOf,
  integerSums,
  outputUnit,
  quantise,
  shiftOfMagnitude,
} from '../../orchestrator/precision/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { fillInputs, readExperiment, sessionSettings, trainRun } from '../../orchestrator/recipes/index.ts';
import { SIM, simBuilt } from './children.ts';

/** Whatever a failed case left open: one xclbin at a time is loaded in a process. */
const sessions: Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.close();
});

const built = simBuilt && ['i8', 'i16', 'i8-x2', 'i8-x4', 'mixed'].every((c) => existsSync(xclbinPath('u250', c)));
if (simBuilt && !built) console.log('notice: fixed-point bitstreams are not built, their cases are skipped');

const NET = `name: "fixed"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 10 dim: 4 dim: 9 dim: 7 } } }
layer { name: "target" type: "Input" top: "target" input_param { shape { dim: 10 dim: 5 } } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
  convolution_param { num_output: 6 kernel_size: 3 group: 2 pad: 1 weight_filler { type: "xavier" } bias_filler { type: "uniform" min: -1 max: 1 } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2"
  convolution_param { num_output: 3 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 bias_term: false weight_filler { type: "xavier" } } }
layer { name: "ip" type: "InnerProduct" bottom: "conv2" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "EuclideanLoss" bottom: "ip" bottom: "target" top: "loss" }`;

const precise = (precision: ExperimentPrecision) => decodePrecision({ precision, seed: 1 });
function open(precision: ExperimentPrecision, settings: Partial<SessionSettings> = {}): Session {
  const session = new Session({ ...SIM, ...settings, precision: precise(precision), seed: 7 });
  sessions.push(session);
  return session;
}

/** Digest of all gradients and of the loss after `steps` steps without updates. */
function gradients(session: Session, steps = 2): string {
  const net = buildNet(parseNet(NET, 'net'), { phase: 'TRAIN', seed: 3 });
  const params = createParams(net, 3);
  const execution = session.execute(net, params);
  const hash = createHash('sha256');
  try {
    expect(execution.plan.placements.filter((p) => p.words).map((p) => net.layers[p.layer]!.name)).toEqual([
      'conv1',
      'conv2',
      'ip',
    ]);
    fillInputs(net, execution, 5);
    for (let i = 0; i < steps; i++) {
      hash.update(String(execution.forward()));
      execution.backward(i > 0);
      execution.collectGradients();
      execution.parametersChanged();
    }
    for (const blob of params.blobs) hash.update(new Uint8Array(blob.diff.slice().buffer));
  } finally {
    execution.close();
    closeNet(net);
    session.close();
  }
  return hash.digest('hex');
}

describe.skipIf(!built)('block floating point on the emulated card', () => {
  it('is the reference arithmetic of docs/precision.md: forward, both gradients and the bias of one layer', () => {
    const session = open({ policy: 'fixed', ladder: [6] });
    const net = buildNet(parseNet(NET, 'net'), { phase: 'TRAIN', seed: 3 });
    const params = createParams(net, 3);
    const execution = session.execute(net, params, { keepBlobs: true });
    fillInputs(net, execution, 5);
    execution.pass = 41;
    execution.forward();
    execution.backward(false);
    execution.collectGradients();
    const layer = net.layers.find((l) => l.name === 'ip')!;
    const [bottom, top] = [execution.blob('conv2'), execution.blob('ip')];
    const task = { layer, bottom: bottom.shape, top: top.shape, lanes: 16, biasWanted: true, words: undefined };
    const { geometry } = launchGeometry(loadManifest('u250', 'f32'), { ...task, pass: 'forward' });
    const shape = integerShape(geometry);
    const fixed = (values: Float32Array, name: string) => {
      const exponent = exponentOf(Math.min(0, ...values), Math.max(0, ...values), 6);
      const request = { format: { word: 6, exponent }, rounding: 'stochastic', key: drawKey(7, name, 41) } as const;
      return { data: quantise(values, request).data, exponent };
    };
    const unit = (sums: Float64Array, rows: number, name: string, at: number, bias?: Float64Array) => {
      const inner = 1;
      const first = outputUnit(sums, rows, inner, { word: 6, shift: 0, rounding: 'nearest', bias });
      const shift = shiftOfMagnitude(first.statistics.magnitude, 6);
      const key = drawKey(7, name, 41);
      const { data } = outputUnit(sums, rows, inner, { word: 6, shift, rounding: 'stochastic', key, bias });
      return Float32Array.from(data, (q) => q * 2 ** (at + shift));
    };
    const [w, b] = layer.params.map((p) => params.blobs[p]!);
    const weights = fixed(w!.data, `${net.params[layer.params[0]!]!.key}.weights`);
    const input = fixed(bottom.data, 'conv2.activations');
    const at = weights.exponent + input.exponent;
    const sums = integerSums('forward', shape, weights.data, input.data);
    expect(top.data.slice()).toEqual(unit(sums, 5, 'ip.forward', at, accumulatorBias(b!.data, at)));
    const gradient = fixed(execution.blob('ip').diff, 'ip.activationGradients');
    const weightSums = integerSums('backwardWeights', shape, gradient.data, input.data);
    expect(w!.diff.slice()).toEqual(unit(weightSums, 5, 'ip.backward-weights', gradient.exponent + input.exponent));
    const dataSums = integerSums('backwardData', shape, weights.data, gradient.data);
    const back = unit(dataSums, shape.channels, 'ip.backward-data', weights.exponent + gradient.exponent);
    expect(bottom.diff.slice()).toEqual(back);
    execution.close();
    closeNet(net);
    session.close();
  });

  it.each([
    [5, 'i8'],
    [8, 'i8'],
    [12, 'i16'],
    [16, 'i16'],
  ] as const)(
    '%d bits: equal for compute units, threads, memory modes and a multi-precision bitstream',
    (word, config) => {
      const precision: ExperimentPrecision = { policy: 'fixed', ladder: [word] };
      const first = gradients(open(precision, { config }));
      const others: Partial<SessionSettings>[] = [
        { config, threads: 1 },
        { config, memory: 'shared' },
        { config: 'mixed' },
      ];
      if (config === 'i8') others.push({ config: 'i8-x2' }, { config: 'i8-x4' });
      for (const settings of others) expect(gradients(open(precision, settings)), JSON.stringify(settings)).toBe(first);
    },
  );

  it('takes other word lengths for single layers', () => {
    const session = open({ policy: 'fixed', ladder: [8], layers: { conv2: 14, ip: 'fp32' } }, { config: 'mixed' });
    const net = buildNet(parseNet(NET, 'net'), { phase: 'TRAIN', seed: 3 });
    const plan = session.plan(net);
    const words = plan.placements.filter((p) => p.place === 'fpga').map((p) => p.words?.weights ?? 'fp32');
    expect(words).toEqual([8, 14, 'fp32']);
    closeNet(net);
    session.close();
  });

  it('moves what the plan says', () => {
    // Delayed exponents need no second launch once they have seen a value.
    const session = open({ policy: 'fixed', ladder: [8], exponents: 'delayed' });
    const net = buildNet(parseNet(NET, 'net'), { phase: 'TRAIN', seed: 3 });
    const execution = session.execute(net, createParams(net, 3));
    fillInputs(net, execution, 5);
    const step = () => {
      execution.forward();
      for (const output of net.outputs) execution.blob(output);
      execution.backward(false);
      execution.collectGradients();
      execution.parametersChanged();
      execution.settle();
    };
    step();
    step();
    const before = { ...session.device!.counters };
    step();
    const after = session.device!.counters;
    const descriptors = (after.launches - before.launches) * 256;
    expect({
      toDevice: after.bytesToDevice - before.bytesToDevice - descriptors,
      fromDevice: after.bytesFromDevice - before.bytesFromDevice,
      launches: after.launches - before.launches,
    }).toEqual(planTraffic(execution.plan, net));
    execution.close();
    closeNet(net);
    session.close();
  });
});

const SOLVED = `
name: "ladder"
layer { name: "data" type: "Data" top: "data" top: "label" transform_param { scale: 0.00390625 }
  data_param { source: "synthetic-digits:train?count=160&seed=1" batch_size: 16 } }
layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 4 kernel_size: 5 stride: 2 weight_filler { type: "xavier" } } }
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
layer { name: "drop" type: "Dropout" bottom: "conv1" top: "conv1" include { phase: TRAIN } }
layer { name: "ip" type: "InnerProduct" bottom: "conv1" top: "ip" inner_product_param { num_output: 10 weight_filler { type: "xavier" } } }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

describe.skipIf(!built)('a ladder', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'crema-ladder-'));
    writeFileSync(join(folder, 'net.prototxt'), SOLVED);
    writeFileSync(
      join(folder, 'solver.prototxt'),
      `net: "net.prototxt" test_iter: 2 test_interval: 6 base_lr: 0.05 momentum: 0.9 weight_decay: 0.001 lr_policy: "fixed"
iter_size: 2 max_iter: 14 snapshot: 7 snapshot_prefix: "ladder"`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Losses by iteration, decisions, tests and the final parameters' bytes. */
  async function run(name: string, precision: ExperimentPrecision, resume?: string, config = 'f32') {
    const experiment = { ...readExperiment(undefined), precision, memory: 'strict' as const, config };
    const { precision: _, ...session } = sessionSettings(experiment);
    const events: RunEvent[] = [];
    const runDirectory = join(folder, name);
    await trainRun({
      experiment,
      session,
      runDirectory,
      solverFile: join(folder, 'solver.prototxt'),
      sinks: [(event) => events.push(event)],
      resume: resume && join(folder, resume, 'snapshots', 'ladder_iter_7.solverstate'),
    });
    const late = <T>(list: T[], iteration: (item: T) => number) => list.filter((item) => iteration(item) > 7);
    const losses = events.flatMap((e) => (e.kind === 'train' ? [[e.iteration, e.loss] as const] : []));
    const decisions = events.flatMap((e) => (e.kind === 'precision' ? [{ at: e.iteration, line: e.line }] : []));
    const tests = events.flatMap((e) =>
      e.kind === 'test' ? [[e.iteration, e.outputs.map((o) => o.value)] as const] : [],
    );
    const { readFileSync } = await import('node:fs');
    const files = ['caffemodel', 'solverstate', 'crema.json', 'crema.f32'].map((ending) => {
      const path = join(runDirectory, 'snapshots', `ladder_iter_14.${ending}`);
      // A state names its model, and a side-car the digests of both, by path.
      const text = existsSync(path) ? readFileSync(path).toString('latin1').replaceAll(runDirectory, '') : '';
      return ending === 'crema.json' ? JSON.stringify(JSON.parse(text).loop) : text;
    });
    return {
      losses: late(losses, ([i]) => i),
      decisions: late(decisions, (d) => d.at),
      tests: late(tests, ([i]) => i),
      parameters: createHash('sha256').update(files[0]!).update(files[2]!).update(files[3]!).digest('hex'),
      all: decisions.map((d) => d.line),
    };
  }

  it.each([
    ['exact', {}],
    ['delayed', { exponents: 'delayed', test: 'level' }],
  ] as const)('resumes in its middle to the bit: %s exponents', async (name, settings) => {
    // Epochs of two iterations; the snapshot at 7 lies inside one, with a window half open.
    const precision: ExperimentPrecision = {
      policy: 'muppet',
      ladder: [5, 8, 12, 'fp32'],
      ...{ every: 2, terms: 3, alpha: 0.1, beta: 0, gamma: 1, iterationsPerEpoch: 2 },
      final: null,
      ...settings,
    };
    const whole = await run(`${name}-whole`, precision);
    expect(whole.all.filter((line) => /to 8 bits|to 12 bits|to fp32/.test(line)).length).toBeGreaterThanOrEqual(2);
    const resumed = await run(`${name}-resumed`, precision, `${name}-whole`);
    expect(resumed.losses).toEqual(whole.losses);
    expect(resumed.decisions).toEqual(whole.decisions);
    expect(resumed.tests).toEqual(whole.tests);
    expect(resumed.parameters).toBe(whole.parameters);
  });

  it('gives the same bits from several bitstreams and from one that has every width', async () => {
    const precision: ExperimentPrecision = { policy: 'schedule', ladder: [8, 12], epochs: [3], iterationsPerEpoch: 2 };
    const several = await run('several', precision);
    const one = await run('one', precision, undefined, 'mixed');
    expect(one.losses).toEqual(several.losses);
    expect(one.parameters).toBe(several.parameters);
  });

  it('ends with its last phase, and decays the rate in it', async () => {
    const events: RunEvent[] = [];
    const precision: ExperimentPrecision = {
      ...{ policy: 'schedule', ladder: [8, 'fp32'], epochs: [2], iterationsPerEpoch: 2 },
      final: { epochs: 3, decayEvery: 1, factor: 0.5 },
    };
    const experiment = { ...readExperiment(undefined), precision, memory: 'strict' as const };
    const { precision: _, ...session } = sessionSettings(experiment);
    await trainRun({
      runDirectory: join(folder, 'phase'),
      experiment,
      session,
      solverFile: join(folder, 'solver.prototxt'),
      sinks: [(e) => events.push(e)],
    });
    const rates = events.flatMap((e) => (e.kind === 'train' ? [e.lr] : []));
    expect(rates.map((r) => Number((r / 0.05).toFixed(4)))).toEqual([1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
  });
});
