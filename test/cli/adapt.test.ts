import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildNet, closeNet, createParams } from '../../orchestrator/net/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { encodeModel } from '../../orchestrator/snapshot/index.ts';
import { runAll, withFolder } from './commands.ts';

const NET = `name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "synthetic-fields:train?classes=4&shape=3x6x6" batch_size: 16 } transform_param { mean_value: 128 scale: 0.03125 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "msra" } } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 4 weight_filler { type: "msra" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }`;

describe('crema adapt', () => {
  it('runs, stops to be resumed with 75, goes on, and says what is missing with 2', async () => {
    const net = buildNet(parseNet(NET, 'net.prototxt'), { phase: 'TEST' });
    closeNet(net);
    const weights = await encodeModel(net, createParams(net, 1), 'binary');
    withFolder((folder) => {
      writeFileSync(join(folder, 'net.prototxt'), NET);
      writeFileSync(join(folder, 'w.caffemodel'), weights);
      const stream = 'synthetic-fields:test?classes=4&shape=3x6x6&only=0,1#0:60';
      const run = [
        'adapt',
        '-model',
        'net.prototxt',
        '-weights',
        'w.caffemodel',
        '--device',
        'host',
        '--stream',
        stream,
      ];
      const settings = [...run, '--window', '20', '--epochs', '2', '--per-class', '40', '--run-dir', 'run', '--json'];
      const [stopped, resumed, noWeights, noFolder, badBits] = runAll(folder, [
        [...settings, '--stop-after', '1'],
        [...settings, '--resume'],
        ['adapt', '--model', 'net.prototxt', '--json'],
        [...run, '--resume', '--json'],
        [...run, '--cache-bits', '7', '--json'],
      ]);
      expect(stopped!.code).toBe(75);
      expect(JSON.parse(stopped!.stdout)).toMatchObject({ stopped: true, windows: 1 });
      expect(resumed!.code).toBe(0);
      const figures = JSON.parse(resumed!.stdout);
      expect(figures).toMatchObject({ net: 'small', windows: 3, backbone_unchanged: 1, device: 'host' });
      expect(figures.accuracy_none).toBe(figures.accuracy.none);
      expect(resumed!.stderr).toContain('memory of the adaptation');
      for (const file of ['report.html', 'summary.json', 'adaptation.json', 'adapted.caffemodel', 'generator.crema'])
        expect(existsSync(join(folder, 'run', file)), file).toBe(true);
      expect(readFileSync(join(folder, 'run', 'report.html'), 'utf8')).not.toMatch(/undefined|NaN/);
      for (const refused of [noWeights!, noFolder!, badBits!]) expect(refused.code).toBe(2);
      expect(noWeights!.stderr).toMatch(/no weights to adapt/);
      expect(noFolder!.stderr).toMatch(/--resume needs the run directory/);
      expect(badBits!.stderr).toMatch(/8 or 32/);
    });
  });
});
