import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { precisionRun, readExperiment, sessionSettings, trainRun } from '../../orchestrator/recipes/index.ts';

const NET = `
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 4 dim: 6 } shape { dim: 4 } data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
`;
const SOLVER =
  'net: "net.prototxt" test_iter: 1 test_interval: 4 base_lr: 0.1 lr_policy: "fixed" snapshot: 2 snapshot_prefix: "net"';

describe('a training on the host', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'crema-train-'));
    writeFileSync(join(folder, 'net.prototxt'), NET);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function request(maxIter: number, settings: readonly string[] = []) {
    const solverFile = join(folder, `solver-${maxIter}.prototxt`);
    writeFileSync(solverFile, `${SOLVER} max_iter: ${maxIter}`);
    const experiment = readExperiment(undefined, ['device=host', ...settings]);
    const { precision: _, ...session } = sessionSettings(experiment);
    return { experiment, session, solverFile, runDirectory: join(folder, `run-${maxIter}`), sinks: [] };
  }

  it('calls final only what a test at the last iteration gave', async () => {
    const { summary } = await trainRun(request(4));
    expect(summary).toMatchObject({ iterations: 4, provenance: 'measured', device: 'host' });
    expect(summary.final_accuracy).toBe(summary.test_outputs['accuracy']);
    expect(Object.keys(summary.test_outputs)).toEqual(['accuracy', 'loss']);
    // Tests at 0 and 4 were of other parameters.
    const { summary: later } = await trainRun(request(6));
    expect(later).toMatchObject({ iterations: 6, final_accuracy: null, test_outputs: {} });
    const { sinks: _, session: __, ...run } = request(6);
    await expect(precisionRun({ ...run, name: 'short', seed: 1, iterationsPerEpoch: 2 })).rejects.toThrow(
      /ends at iteration 6 without a test/,
    );
  });

  it('keeps as many snapshots as the experiment says', async () => {
    const { runDirectory, ...run } = request(10, ['keepSnapshots=2']);
    const { summary } = await trainRun({ ...run, runDirectory });
    const names = [8, 10].flatMap((i) => ['caffemodel', 'crema.json', 'solverstate'].map((e) => `net_iter_${i}.${e}`));
    expect(readdirSync(join(runDirectory, 'snapshots')).sort()).toEqual(names.sort());
    expect(summary.snapshot?.state).toMatch(/net_iter_10\.solverstate$/);
    const resumed = await trainRun({ ...request(10, ['keepSnapshots=1']), maxIter: 12, resume: 'auto' });
    expect(resumed.summary.iterations).toBe(12);
    expect(readdirSync(join(runDirectory, 'snapshots')).sort()).toEqual(
      names
        .filter((n) => n.includes('_10.'))
        .map((n) => n.replace('_10.', '_12.'))
        .sort(),
    );
  });
});
