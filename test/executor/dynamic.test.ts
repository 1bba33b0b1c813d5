import { describe, expect, it } from 'vitest';
import { accelerator, PlanExecution } from '../../orchestrator/executor/index.ts';
import { loadManifest } from '../../orchestrator/kernels/index.ts';
import { buildNet, createParams } from '../../orchestrator/net/index.ts';
import { makePlan } from '../../orchestrator/plan/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';

const input = (name: string, dims: number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims.map((d) => `dim: ${d}`).join(' ')} } } }`;

/** x → scale (learned, one factor) → filter → fc → loss; the targets go through the filter too. */
const text = `
  ${input('x', [4, 2])} ${input('target', [4, 1])} ${input('selector', [4])}
  layer { name: "scale" type: "Scale" bottom: "x" top: "scaled" scale_param { axis: 0 num_axes: 0 filler { value: 1 } } }
  layer { name: "filter" type: "Filter" bottom: "scaled" bottom: "target" bottom: "selector" top: "some" top: "wanted" }
  layer { name: "fc" type: "InnerProduct" bottom: "some" top: "fc" inner_product_param { num_output: 1 weight_filler { type: "constant" value: 0.5 } } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "wanted" top: "loss" }`;

function make(prototxt = text) {
  const net = buildNet(parseNet(prototxt, 'filter.prototxt'), { phase: 'TRAIN', seed: 1 });
  const params = createParams(net, 1);
  const execution = new PlanExecution(net, makePlan(net, { training: true }), params);
  const set = (name: string, values: readonly number[]) => execution.blob(name).data.set(values);
  set('x', [1, 2, 3, 4, 5, 6, 7, 8]);
  set('target', [1, 0, -1, 2]);
  return { net, params, execution, set };
}

/** The same net in plain numbers: fc = (x0 + x1) · factor · 0.5. */
function byHand(selector: readonly number[]) {
  const x = [1, 2, 3, 4, 5, 6, 7, 8];
  const target = [1, 0, -1, 2];
  const rows = selector.flatMap((s, i) => (s === 0 ? [] : [i]));
  let loss = 0;
  const weight = [0, 0];
  let bias = 0;
  let factor = 0;
  for (const i of rows) {
    const [a, b] = [x[2 * i]!, x[2 * i + 1]!];
    const d = 0.5 * (a + b) - target[i]!;
    loss += (d * d) / rows.length / 2;
    const slope = d / rows.length;
    weight[0]! += slope * a;
    weight[1]! += slope * b;
    bias += slope;
    factor += slope * 0.5 * (a + b);
  }
  return { rows, loss, weight, bias, factor };
}

describe('layers behind a Filter', () => {
  it('see the rows selected in each pass, forward and backward', () => {
    const { params, execution, set } = make();
    for (const selector of [
      [1, 0, 1, 1],
      [0, 0, 2, 0],
      [1, 1, 1, 1],
      [0, -1, 0, 1],
    ]) {
      set('selector', selector);
      const wanted = byHand(selector);
      expect(execution.forward()).toBeCloseTo(wanted.loss, 5);
      expect(execution.blob('some').shape).toEqual([wanted.rows.length, 2]);
      expect(execution.blob('fc').shape).toEqual([wanted.rows.length, 1]);
      execution.backward(false);
      const [factor, weight, bias] = params.blobs.map((blob) => [...blob.diff]);
      expect(factor![0]).toBeCloseTo(wanted.factor, 4);
      expect(weight![0]).toBeCloseTo(wanted.weight[0]!, 4);
      expect(weight![1]).toBeCloseTo(wanted.weight[1]!, 4);
      expect(bias![0]).toBeCloseTo(wanted.bias, 5);
    }
    execution.close();
  });

  it('are refused by name where a bottom keeps all rows', () => {
    const { execution, set } = make(text.replace('bottom: "fc" bottom: "wanted"', 'bottom: "fc" bottom: "target"'));
    set('selector', [1, 1, 1, 1]);
    expect(() => execution.forward()).not.toThrow();
    set('selector', [1, 0, 0, 1]);
    expect(() => execution.forward()).toThrow(/loss: .*'filter' selected in this pass/s);
    execution.close();
  });

  it('are refused where a parameter would change its shape', () => {
    const { execution, set } = make(
      text
        .replace('num_output: 1', 'num_output: 1 axis: 0')
        .replace(
          /layer \{ name: "loss".*$/,
          'layer { name: "loss" type: "Reduction" bottom: "fc" top: "loss" loss_weight: 1 }',
        ),
    );
    set('selector', [1, 0, 0, 1]);
    expect(() => execution.forward()).toThrow(/parameter 'weight' would change its shape/);
    execution.close();
  });

  it('stay on the host, row-major, with that reason', () => {
    const net = buildNet(parseNet(text, 'filter.prototxt'), { phase: 'TRAIN', seed: 1 });
    const plan = makePlan(net, { accelerator: accelerator(loadManifest('u250', 'f32')), training: true });
    const fc = net.layers.find((l) => l.name === 'fc')!;
    expect(plan.placements[fc.index]).toMatchObject({ place: 'host', reason: expect.stringContaining("'filter'") });
    for (const value of plan.values) expect(value.layout.lanes).toBe(1);
  });
});
