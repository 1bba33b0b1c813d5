import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ran, runAll, withFolder } from './commands.ts';

const net = `name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "nowhere" batch_size: 4 backend: LMDB } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 8 kernel_size: 3 stride: 2 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "__proto__" type: "InnerProduct" bottom: "conv" top: "__proto__" inner_product_param { num_output: 10 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "__proto__" bottom: "label" }
`;
const solver = `net: "net.prototxt"
base_lr: 0.01
lr_policy: "step"
gamma: 0.1
stepsize: 300
max_iter: 1000
momentum: 0.9
solver_type: NESTEROV
`;
const legacy = `input: "x" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layers { name: "c" type: CONVOLUTION bottom: "x" top: "c" blobs_lr: 1 blobs_lr: 2 convolution_param { num_output: 2 kernel_size: 3 } }
`;

/** Everything that could make a reader open or create a file that a stranger named. */
const nosy = `layer { name: "d" type: "Data" top: "x" top: "label" data_param { source: "/nowhere/a" batch_size: 2 backend: LEVELDB } transform_param { mean_file: "/nowhere/m" } }
layer { name: "i" type: "ImageData" top: "i" top: "il" image_data_param { source: "/nowhere/l" batch_size: 2 } transform_param { crop_size: 8 mean_file: "/nowhere/m" } }
layer { name: "w" type: "WindowData" top: "w" top: "wl" window_data_param { source: "/nowhere/w" batch_size: 2 crop_size: 8 } transform_param { crop_size: 8 } }
layer { name: "sm" type: "Softmax" bottom: "x" top: "sm" }
layer { name: "ig" type: "InfogainLoss" bottom: "sm" bottom: "label" infogain_loss_param { source: "/nowhere/g" axis: 0 } exclude { phase: TEST } }
layer { name: "o" type: "HDF5Output" bottom: "sm" bottom: "label" hdf5_output_param { file_name: "made.h5" } }
`;

describe('verbs', () => {
  it('inspect with --record opens and makes none of the files that a text names', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'nosy.prototxt'), nosy);
      writeFileSync(
        join(folder, 'solver.prototxt'),
        'net: "nosy.prototxt" base_lr: 1 lr_policy: "fixed" snapshot_prefix: "/nowhere/s"',
      );
      const [net, judged] = runAll(folder, [
        ['inspect', 'nosy.prototxt', '--phase', 'TEST', '--record', '3x16x16', '--json'],
        ['inspect', 'solver.prototxt', '--record', '3x16x16', '--json'],
      ]) as [Ran, Ran];
      expect(JSON.parse(net.stdout).net.verdict, net.stdout).toBe('accept');
      expect(JSON.parse(judged.stdout).solver.verdict).toBe('accept');
      expect(readdirSync(folder).sort()).toEqual(['nosy.prototxt', 'solver.prototxt']);
    });
  }, 240_000);

  it('inspect says what nets, solvers and other files are', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'net.prototxt'), net);
      writeFileSync(join(folder, 'solver.prototxt'), solver);
      writeFileSync(join(folder, 'legacy.prototxt'), legacy);
      const [one, text, rates, made, records, several] = runAll(folder, [
        ['inspect', 'net.prototxt', '--json', '--record', '1x9x9'],
        ['inspect', 'net.prototxt', '--record', '1x9x9'],
        ['inspect', 'solver.prototxt', '--json', '--record', '1x9x9'],
        ['data', 'make', 'digits', '--count', '20', '--output', 'digits', '--json'],
        ['inspect', 'digits', '--json'],
        ['inspect', 'legacy.prototxt', 'net.prototxt', '--jsonl'],
      ]) as [Ran, Ran, Ran, Ran, Ran, Ran];
      const object = JSON.parse(one.stdout);
      expect(object).toMatchObject({ kind: 'net', parse: { verdict: 'accept' }, upgrade: [] });
      expect(object.upgraded_wire_sha256).toBe(object.wire_sha256);
      expect(object.net).toMatchObject({
        verdict: 'accept',
        layer_count: 5,
        param_count: 8 * 9 + 8 + 10 * 128 + 10,
        conv_macs: 4 * 8 * 16 * 9,
        ip_macs: 4 * 128 * 10,
      });
      expect(Object.entries(object.net.blobs)).toContainEqual(['__proto__', [4, 10]]);
      expect(object.net.blobs.conv).toEqual([4, 8, 4, 4]);
      expect(text.stdout).toMatch(/conv +Convolution +data +conv 4×8×4×4 +80 +4608/);
      const { solver: judged, upgraded_wire_sha256, wire_sha256 } = JSON.parse(rates.stdout);
      expect(judged).toMatchObject({ verdict: 'accept', type: 'Nesterov', lr_policy: 'step' });
      expect(judged.lr[0]).toBeCloseTo(0.01, 9);
      expect(judged.lr[299]).toBeCloseTo(0.01, 9);
      expect(judged.lr[300]).toBeCloseTo(0.001, 9);
      expect(upgraded_wire_sha256).not.toBe(wire_sha256);
      expect(JSON.parse(made.stdout)).toMatchObject({ records: 20, shape: [1, 28, 28] });
      expect(JSON.parse(records.stdout)).toMatchObject({ kind: 'records', store: 'LMDB', records: 20 });
      const [old, unknown] = several.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(old).toMatchObject({
        upgrade: ['V1', 'input'],
        net: { verdict: 'accept', params: { c: [[2, 3, 3, 3], [2]] } },
      });
      // Without --record the data would have to be there.
      expect(unknown.net).toMatchObject({ verdict: 'not_inferable', at_layer: 'data' });
      expect(several.code).toBe(0);
    });
  }, 240_000);

  it('show, upgrade and data write what they say', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'net.prototxt'), net);
      writeFileSync(join(folder, 'legacy.prototxt'), legacy);
      const show = (...rest: string[]) => ['show', 'net.prototxt', '--record', '1x9x9', ...rest];
      const [svg, dot, mermaid, upgraded, , mean, means] = runAll(folder, [
        show('--output', 'net.svg'),
        show('--format', 'dot', '--device', 'host'),
        show('--format', 'mermaid'),
        ['upgrade', 'legacy.prototxt'],
        ['data', 'make', 'images', '--part', 'test', '--count', '30', '--output', 'images'],
        ['data', 'mean', 'images', '--output', 'mean.binaryproto', '--json'],
        ['data', 'inspect', 'images', '--json'],
      ]) as [Ran, Ran, Ran, Ran, Ran, Ran, Ran];
      expect(svg.code).toBe(0);
      const drawing = readFileSync(join(folder, 'net.svg'), 'utf8');
      expect(drawing).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
      expect(drawing).toContain('relu · ReLU');
      expect(drawing).toContain('card u250/f32: 2 layers');
      expect(dot.stdout).toMatch(/^digraph "small" \{[\s\S]*n0 -> n1[\s\S]*\}\n$/);
      expect(mermaid.stdout).toMatch(/n1\["conv<br\/>Convolution 3×3 stride 2<br\/>4×8×4×4<br\/>relu · ReLU"\]:::fpga/);
      expect(upgraded.stdout).toMatch(/^layer \{\n {2}name: "input"\n {2}type: "Input"/);
      expect(upgraded.stdout).toContain('type: "Convolution"');
      const { channel_means } = JSON.parse(mean.stdout);
      const { channelMeans } = JSON.parse(means.stdout);
      expect(channel_means).toHaveLength(3);
      for (const [c, value] of channelMeans.entries()) expect(channel_means[c]).toBeCloseTo(value, 3);
      expect(existsSync(join(folder, 'mean.binaryproto'))).toBe(true);
    });
  }, 240_000);
});
