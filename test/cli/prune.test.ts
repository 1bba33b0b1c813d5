import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Ran, runAll, withFolder } from './commands.ts';

const NET = `name: "n"
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "synthetic-fields:train?classes=4&perclass=20" batch_size: 16 } transform_param { scale: 0.01 mean_value: 128 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 5 stride: 3 weight_filler { type: "msra" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 4 weight_filler { type: "msra" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }
`;
const SOLVER =
  'net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 max_iter: 5 solver_mode: CPU snapshot_prefix: "n"';

it('prune: a smaller net, trained again, searched for, and refused', () => {
  withFolder((folder) => {
    writeFileSync(join(folder, 'net.prototxt'), NET);
    writeFileSync(join(folder, 'solver.prototxt'), SOLVER);
    const host = ['--device', 'host', '--json'];
    const [cut, search, again, ranker, level] = runAll(folder, [
      ['prune', '--model', 'net.prototxt', '--level', '50%', '--keep', 'nothing*', ...host],
      ['prune', '--model', 'net.prototxt', '--level', '50%', '--out', 'smaller', ...host],
      [
        'prune',
        '--solver',
        'solver.prototxt',
        '--model',
        'smaller/net.prototxt',
        '--weights',
        'smaller/net.caffemodel',
        '--search',
        '--rounds',
        '2',
        '--retrain',
        '1',
        '--target',
        '0.1',
        '--classes',
        '0-2',
        '--run-dir',
        'run',
        ...host,
      ],
      ['prune', '--model', 'net.prototxt', '--level', '0.5', '--ranker', 'taylr', ...host],
      ['prune', '--model', 'net.prototxt', '--level', '1.5', ...host],
    ]) as [Ran, Ran, Ran, Ran, Ran];
    expect(cut.stderr).toContain("'nothing*' matches no layer");
    const smaller = JSON.parse(search.stdout);
    expect(smaller.layers).toEqual([
      { layer: 'conv', before: 8, after: 3 },
      { layer: 'fc', before: 4, after: 4 },
    ]);
    expect(smaller.staying[0].reasons.join()).toContain('is a loss');
    expect(existsSync(join(folder, smaller.weights))).toBe(true);
    const found = JSON.parse(again.stdout);
    expect(found.decisions).toHaveLength(2);
    expect(existsSync(join(folder, 'run', `${found.best.checkpoint}.caffemodel`))).toBe(true);
    expect(found.test).toBeGreaterThan(0);
    expect(ranker.stderr).toContain("did you mean 'taylor'");
    expect(level.stderr).toContain('a share such as 0.7');
    expect([cut, ranker, level].map(({ code }) => code)).toEqual([2, 2, 2]);
  });
});
