import { describe, expect, it } from 'vitest';
import { cutNet, headNet, SHIFT_LAYER, withSource } from '../../orchestrator/adapt/index.ts';
import { buildNet } from '../../orchestrator/net/index.ts';
import { parseNet, upgradeNet } from '../../orchestrator/proto/index.ts';

const DATA =
  'layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "synthetic-digits:train?count=64" batch_size: 4 backend: LMDB } }';
const BODY = `
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 5 stride: 4 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip1" type: "InnerProduct" bottom: "conv" top: "ip1" inner_product_param { num_output: 8 } }
layer { name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }
layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 10 } }`;
const LOSS = 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }';
const ACCURACY = 'layer { name: "acc" type: "Accuracy" bottom: "ip2" bottom: "label" top: "acc" }';

const net = (...parts: string[]) => buildNet(upgradeNet(parseNet(parts.join('\n'), 'n.prototxt')), { phase: 'TEST' });

describe('a net cut below its head', () => {
  it('begins the head at the last inner product', () => {
    const cut = cutNet(net(DATA, BODY, ACCURACY, LOSS));
    expect(cut).toMatchObject({ features: 'ip1', featureShape: [8], label: 'label', scores: 'ip2', classes: 10 });
    expect(cut.headLayers.map((l) => l.name)).toEqual(['ip2']);
    expect(cut.backbone.layer.map((l) => l.name)).toEqual(['data', 'conv', 'relu', 'ip1', 'relu1']);
  });

  it('begins it where told to', () => {
    const cut = cutNet(net(DATA, BODY, LOSS), 'ip1');
    expect(cut).toMatchObject({ features: 'conv', featureShape: [3, 6, 6] });
    expect(cut.headLayers.map((l) => l.name)).toEqual(['ip1', 'relu1', 'ip2']);
    expect(cut.backbone.layer.map((l) => l.name)).toEqual(['data', 'conv', 'relu']);
  });

  it('gives nets that build: the shift is not learned, the records get no gradient', () => {
    const cut = cutNet(net(DATA, BODY, LOSS), 'ip1');
    const training = buildNet(headNet(cut, 16, true), { phase: 'TRAIN' });
    const shift = training.params.find((p) => p.key === `${SHIFT_LAYER}[0]`)!;
    expect(shift).toMatchObject({ shape: [10], lrMult: 0 });
    expect(training.layers.filter((l) => l.needBackward).map((l) => l.name)).toEqual([
      'ip1',
      'relu1',
      'ip2',
      SHIFT_LAYER,
      'adapt/loss',
    ]);
    expect(training.blobs.get('conv')!.needsDiff).toBe(false);
    const scoring = buildNet(headNet(cut, 16, false), { phase: 'TEST' });
    expect(scoring.outputs).toEqual(['ip2']);
    expect(buildNet(cut.backbone, { phase: 'TEST' }).outputs).toContain('conv');
  });

  it('refuses what cannot be cut, and says what to do', () => {
    expect(() => cutNet(net(DATA, BODY))).toThrow(/no SoftmaxWithLoss/);
    expect(() => cutNet(net(DATA, BODY, LOSS), 'ip3')).toThrow(/did you mean 'ip1'/);
    const skip = 'layer { name: "sum" type: "Eltwise" bottom: "ip2" bottom: "ip0" top: "s" }';
    const ip0 =
      'layer { name: "ip0" type: "InnerProduct" bottom: "conv" top: "ip0" inner_product_param { num_output: 10 } }';
    const two = BODY.replace('layer { name: "ip1"', `${ip0}\nlayer { name: "ip1"`);
    const loss = LOSS.replace('"ip2"', '"s"');
    expect(() => cutNet(net(DATA, two, skip, loss))).toThrow(/hangs on/);
    const input = DATA.replace(
      /type: "Data".*/,
      'type: "Input" top: "data" input_param { shape { dim: 4 dim: 1 dim: 28 dim: 28 } } }',
    );
    const label = 'layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 4 } } }';
    expect(() => cutNet(net(input, label, BODY, LOSS))).toThrow(/one data layer with labels/);
  });

  it('reads another source where told to, and leaves the text it was made from alone', () => {
    const text = upgradeNet(parseNet(DATA + BODY, 'n.prototxt'));
    const other = withSource(text, 'synthetic-digits:test', 32);
    expect(other.layer[0]!.data_param).toMatchObject({ source: 'synthetic-digits:test', batch_size: 32 });
    expect(text.layer[0]!.data_param).toMatchObject({ source: 'synthetic-digits:train?count=64', batch_size: 4 });
  });
});
