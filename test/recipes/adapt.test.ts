import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Session } from '../../orchestrator/executor/index.ts';
import { buildNet, closeNet, createParams } from '../../orchestrator/net/index.ts';
import { parseNet, parseSolver } from '../../orchestrator/proto/index.ts';
import { type AdaptRequest, adaptDefaults, adaptRun, loadNet, testModel } from '../../orchestrator/recipes/index.ts';
import { adaptationReport } from '../../orchestrator/report/index.ts';
import { loadWeights } from '../../orchestrator/snapshot/index.ts';
import { checkSolver, Solver } from '../../orchestrator/solver/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-adapt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HOST = { device: 'host', board: 'u250', config: 'f32' };
const model = join(folder, 'net.prototxt');
const weights = join(folder, 'net_iter_150.caffemodel');
const NET = `name: "tiny"
layer { name: "data" type: "Data" top: "data" top: "label" transform_param { mean_value: 128 scale: 0.03125 }
  data_param { source: "synthetic-fields:train?classes=8&shape=3x8x8" batch_size: 32 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 12 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "pool" top: "fc" inner_product_param { num_output: 8 weight_filler { type: "msra" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }`;

/** Records of some classes: a half of each for the stream, the other half to score on. */
const part = (only: string, first: number, count: number) =>
  `synthetic-fields:test?classes=8&shape=3x8x8&only=${only}#${first}:${count}`;

const base: AdaptRequest = {
  ...adaptDefaults,
  model,
  weights: [weights],
  streams: [part('0-2', 0, 120), part('4,6,7', 0, 120)],
  evaluate: [part('0-2', 120, 120), part('4,6,7', 120, 120)],
  session: HOST,
  runDirectory: join(folder, 'run'),
  training: { ...adaptDefaults.training, batch: 32, perClass: 50, epochs: 8 },
  watch: { ...adaptDefaults.watch, window: 30 },
};

const run = (name: string, more: Partial<AdaptRequest> = {}) =>
  adaptRun({ ...base, runDirectory: join(folder, name), ...more });

/** Digest of every file of a run directory, by path. */
function digests(name: string): Record<string, string> {
  const at = join(folder, name);
  const files = readdirSync(at, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
  return Object.fromEntries(
    files
      .map((e) => join(e.parentPath, e.name))
      .sort()
      .map((path) => [path.slice(at.length), createHash('sha256').update(readFileSync(path)).digest('hex')]),
  );
}

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(model, NET);
  const text = `net: "${model}" base_lr: 0.02 momentum: 0.9 lr_policy: "fixed" max_iter: 150 snapshot_prefix: "${join(folder, 'net')}"`;
  const session = new Session(HOST);
  const solver = await Solver.create({
    settings: checkSolver(parseSolver(text, 'solver.prototxt'), 'solver.prototxt'),
    execute: (net, params) => session.execute(net, params),
  });
  await solver.run();
  solver.close();
}, 120_000);

describe('adapting a tiny net to its stream', () => {
  it('finds the classes, adapts again when they change, gains, and leaves the backbone alone', async () => {
    const { summary, records } = await run('whole');
    const s = summary!;
    expect(s.segments.map((g) => g.classes)).toEqual([
      [0, 1, 2],
      [4, 6, 7],
    ]);
    expect(s.missed_classes).toBe(0);
    expect(s.readapted_after).toBeLessThanOrEqual(2);
    expect(s.backbone_unchanged).toBe(1);
    expect(s.generated_minus_none).toBeGreaterThan(0);
    expect(s.accuracy.labelled).toBeGreaterThan(s.accuracy.none!);
    expect(s.memory_bytes).toBe(Object.values(s.memory['generated']!.by_kind).reduce((a, b) => a + b, 0));
    expect(s.retraining_bytes).toBeGreaterThan(s.memory_bytes);
    expect(records.map((r) => r.decision.window)).toEqual([...records.keys()]);
    // Between the change and the next adaptation the shipped head serves.
    const back = records.find((r) => r.decision.action === 'fall-back')!;
    expect(back.accuracy.generated).toBe(back.accuracy.none);
    const page = adaptationReport(s, records);
    expect(page).toContain('real source features');
    expect(page).not.toMatch(/undefined|NaN/);
  });

  it('writes a caffemodel of which only the head changed', async () => {
    const net = loadNet(model, { phase: 'TEST', seed: 1 });
    closeNet(net);
    const [shipped, adapted] = [createParams(net, 1), createParams(net, 1)];
    await loadWeights(weights, net, shipped);
    await loadWeights(join(folder, 'whole', 'adapted.caffemodel'), net, adapted);
    const same = net.params.map((p) =>
      shipped.blobs[p.index]!.data.every((v, i) => v === adapted.blobs[p.index]!.data[i]),
    );
    expect(net.params.map((p) => p.key)).toEqual(['conv[0]', 'conv[1]', 'fc[0]', 'fc[1]']);
    expect(same).toEqual([true, true, false, false]);
    // Rows of classes outside the set stay as they were shipped.
    const rows = (set: typeof shipped) => set.blobs[2]!.data;
    const length = rows(shipped).length / 8;
    const { windows } = JSON.parse(readFileSync(join(folder, 'whole', 'adaptation.json'), 'utf8'));
    const last = windows.findLast((w: { decision: { action: string } }) => w.decision.action === 'adapt').decision
      .active;
    for (const c of [0, 1, 2, 3, 4, 5, 6, 7].filter((k) => !last.includes(k)))
      expect(rows(adapted).slice(c * length, (c + 1) * length)).toEqual(
        rows(shipped).slice(c * length, (c + 1) * length),
      );
    const score = await testModel({
      model,
      weights: [join(folder, 'whole', 'adapted.caffemodel')],
      iterations: 2,
      session: HOST,
      seed: 1,
    });
    expect(score.outputs.some((o) => o.blob === 'accuracy')).toBe(true);
  });

  it('stopped after any window and resumed, gives the same bytes in every file', async () => {
    const whole = digests('whole');
    for (const at of [2, 5]) {
      const name = `stopped-${at}`;
      let windows = 0;
      const stopped = await run(name, { shouldStop: () => windows++ >= at });
      expect(stopped.summary).toBeUndefined();
      expect(stopped.records.length).toBe(at);
      await run(name, { resume: true });
      expect(digests(name)).toEqual(whole);
    }
  });

  it('gives the same bytes with one thread and two, and on the shipped generator file alone', async () => {
    await run('one-thread', { session: { ...HOST, threads: 1 } });
    expect(digests('one-thread')).toEqual(digests('whole'));
    const { summary } = await run('device', { generatorFile: join(folder, 'whole', 'generator.crema') });
    const { segments } = JSON.parse(readFileSync(join(folder, 'whole', 'adaptation.json'), 'utf8')).summary;
    expect(summary!.segments.map((s) => s.accuracy.generated)).toEqual(
      segments.map((s: { accuracy: { generated: number } }) => s.accuracy.generated),
    );
    expect(summary!.accuracy.source).toBeUndefined();
  });

  it('takes other generators, estimators, word lengths and deeper heads', async () => {
    const stored = await run('stored', {
      generator: 'stored',
      fit: { ...base.fit, perClass: 10, bits: 8 },
      estimator: 'confusion',
      cacheBits: 8,
    });
    expect(stored.summary!.missed_classes).toBe(0);
    expect(stored.summary!.generator_bytes).toBeLessThan(80 * (12 * 9 + 8) + 1);
    const deep = await run('deep', { head: 'pool', streams: [base.streams[0]!], evaluate: [] });
    expect(deep.summary!.dimension).toBe(12 * 6 * 6);
    expect(deep.summary!.accuracy.labelled).toBeUndefined();
  });
});

describe('an adaptation refuses', () => {
  const refused = (more: Partial<AdaptRequest>, what: RegExp) => expect(run('refused', more)).rejects.toThrow(what);

  it('settings and files that do not fit, and says which', async () => {
    await refused({ streams: [] }, /no stream/);
    await refused({ evaluate: ['a', 'b', 'c'] }, /3 sources to score on for 2 streams/);
    await refused({ generator: 'gausian' }, /did you mean 'gaussian'/);
    await refused({ streams: ['synthetic-fields:test#x'], evaluate: [] }, /#<first>:<count>/);
    await refused({ training: { ...base.training, epochs: 0 } }, /epochs 0/);
    await refused({ head: 'fcc' }, /did you mean 'fc'/);
    await refused({ streams: ['synthetic-fields:test?classes=20&shape=3x8x8&only=12'], evaluate: [] }, /label 12/);
  });

  it('the generator of other weights, and a damaged one', async () => {
    const other = join(folder, 'other.caffemodel');
    const net = buildNet(parseNet(NET, model), { phase: 'TEST' });
    closeNet(net);
    const { encodeModel } = await import('../../orchestrator/snapshot/index.ts');
    writeFileSync(other, await encodeModel(net, createParams(net, 9), 'binary'));
    const file = join(folder, 'whole', 'generator.crema');
    await refused({ weights: [other], generatorFile: file }, /another net, other weights/);
    const cut = join(folder, 'cut.crema');
    writeFileSync(cut, readFileSync(file));
    truncateSync(cut, 1000);
    await refused({ generatorFile: cut }, /damaged or cut off/);
  });

  it('to resume a run of other settings, or one with damaged features', async () => {
    let windows = 0;
    await run('other', { shouldStop: () => windows++ >= 1 });
    await expect(run('other', { resume: true, seed: 2 })).rejects.toThrow(
      /another net, other streams or other settings/,
    );
    const cache = join(folder, 'other', 'features', 'stream-0.features');
    expect(existsSync(cache)).toBe(true);
    truncateSync(cache, readFileSync(cache).length - 1);
    await expect(run('other', { resume: true })).rejects.toThrow(/stream-0.features' is damaged or cut off/);
  });
});
