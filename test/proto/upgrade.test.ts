import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type NetParameter,
  parseNet,
  parseSolver,
  printText,
  spanOf,
  upgradeNet,
  upgradeNetSteps,
  upgradeSolver,
  wireHash,
} from '../../orchestrator/proto/index.ts';
import { upgradeV0 } from '../../orchestrator/proto/upgrade/v0.ts';
import { upgradePaddingLayers } from '../../orchestrator/proto/upgrade/v0-padding.ts';
import { upgradeV1 } from '../../orchestrator/proto/upgrade/v1.ts';

const shared = join(import.meta.dirname, '../../../shared');
const present = existsSync(shared);
if (!present) console.log("notice: no ../shared; upgrades are not compared with Caffe's");

const ways: Record<string, (net: NetParameter) => NetParameter> = {
  v0_padding: upgradePaddingLayers,
  v0_to_v1: (net) => upgradeV0(net, () => {}),
  v1_to_v2: (net) => upgradeV1(net, () => {}),
};

describe.skipIf(!present)("Caffe's own pairs", () => {
  it('upgrade to the same nets', () => {
    const { pairs } = JSON.parse(readFileSync(join(shared, 'corpus/prototxt/pairs.json'), 'utf8'));
    const mine = pairs.filter((pair: { what: string }) => pair.what in ways);
    expect(mine.length).toBeGreaterThan(6);
    for (const { what, test, input, output } of mine) {
      const got = ways[what]!(parseNet(input, test));
      expect(wireHash(got), test).toBe(wireHash(parseNet(output, test)));
    }
  });

  it.each(['v0_deploy', 'v1_deploy', 'v1_train'])('%s prints byte for byte as Caffe prints it', (name) => {
    const folder = join(shared, 'golden/interop/upgrade');
    const net = parseNet(readFileSync(join(folder, `${name}.in.prototxt`)), name);
    expect(printText(upgradeNet(net))).toBe(readFileSync(join(folder, `${name}.upgraded.prototxt`), 'utf8'));
  });
});

const V0 = `name: "old"
input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layers { layer { name: "pad" type: "padding" pad: 2 } bottom: "data" top: "pad" }
layers {
  layer { name: "conv" type: "conv" num_output: 4 kernelsize: 5 local_size: 3 blobs_lr: 1 blobs_lr: 2 }
  bottom: "pad" top: "conv"
}
`;

describe('a net of the first form', () => {
  it('takes all steps and says what it drops', () => {
    const notes: string[] = [];
    const { net, upgrades } = upgradeNetSteps(parseNet(V0, 'old'), (_, message) => notes.push(message));
    expect(upgrades).toEqual(['V0', 'V1', 'input']);
    expect(notes).toEqual(['local_size means nothing to a layer of type "conv" and is dropped']);
    expect(net.layer.map((l) => l.type)).toEqual(['Input', 'Convolution']);
    expect(net.layer[1]!.bottom).toEqual(['data']);
    expect(net.layer[1]!.convolution_param!.pad).toEqual([2]);
    expect(net.layer[1]!.param.map((p) => p.lr_mult)).toEqual([1, 2]);
  });

  it('keeps its places', () => {
    const { layer } = upgradeNet(parseNet(V0, 'old'));
    expect(spanOf(layer[1])).toEqual({ file: 'old', line: 4, column: 1 });
    expect(spanOf(layer[1], 'bottom')).toMatchObject({ line: 6, column: 3 });
    expect(spanOf(layer[1]!.convolution_param, 'num_output')).toMatchObject({ line: 5, column: 37 });
  });

  it('is left as it was', () => {
    const net = parseNet(V0, 'old');
    const before = wireHash(net);
    upgradeNet(net);
    expect(wireHash(net)).toBe(before);
  });
});

describe('refusals', () => {
  it.each([
    ['both forms of layers', 'layer { } layers { }', 'both `layer` and `layers`'],
    ['an unknown first-form type', 'layers { layer { type: "warp" } }', 'unknown layer type "warp"'],
    ['an unknown bottom', 'layers { layer { type: "relu" } bottom: "x" }', 'unknown bottom "x"'],
    [
      'padding before a ReLU',
      'input: "a" layers { layer { type: "padding" } bottom: "a" top: "b" } layers { layer { type: "relu" } bottom: "b" }',
      'a padding layer feeds',
    ],
    [
      'an input without shape',
      'input: "a" input: "b" input_dim: 1 input_dim: 1 input_dim: 1 input_dim: 1',
      'input "b" has no shape',
    ],
  ])('%s', (_, text, message) => {
    expect(() => upgradeNet(parseNet(text, 'net'))).toThrow(message);
  });

  it('both forms of the solver type', () => {
    expect(() => upgradeSolver(parseSolver('type: "SGD" solver_type: ADAM', 's'))).toThrow('solver_type');
    expect(upgradeSolver(parseSolver('solver_type: NESTEROV', 's')).type).toBe('Nesterov');
  });
});

it('sets rate and decay of old BatchNorm layers to zero', () => {
  const net = upgradeNet(
    parseNet('layer { type: "BatchNorm" param { lr_mult: 1 } param { } param { name: "c" } }', 'n'),
  );
  expect(net.layer[0]!.param.map((p) => [p.lr_mult, p.decay_mult])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(net.layer[0]!.param[2]!.name).toBe('c');
});
