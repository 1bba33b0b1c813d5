import { describe, expect, it } from 'vitest';
import { accelerator, Session } from '../../orchestrator/executor/index.ts';
import { loadManifest } from '../../orchestrator/kernels/index.ts';
import { buildNet, createParams, type Net } from '../../orchestrator/net/index.ts';
import { makePlan, type Plan } from '../../orchestrator/plan/index.ts';
import { parseNet, parseSolver } from '../../orchestrator/proto/index.ts';
import { checkSolver, Updater } from '../../orchestrator/solver/index.ts';

const card = accelerator(loadManifest('u250', 'f32'));

/** conv1 → conv2 → ip → loss. `lr`: the convolutions' lr_mult; `down`: of the inner product, as text. */
function chain(lr: number, down = ''): Net {
  const frozen = `param { lr_mult: ${lr} decay_mult: ${lr} } param { lr_mult: ${lr} decay_mult: ${lr} }`;
  const conv = (name: string, bottom: string, outputs: number) =>
    `layer { name: "${name}" type: "Convolution" bottom: "${bottom}" top: "${name}" ${frozen} convolution_param { num_output: ${outputs} kernel_size: 3 weight_filler { type: "xavier" } } }
     layer { name: "${name}relu" type: "ReLU" bottom: "${name}" top: "${name}" }`;
  const text = `layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
      shape { dim: 4 dim: 3 dim: 10 dim: 10 } shape { dim: 4 } data_filler { type: "gaussian" } data_filler { type: "constant" value: 1 } } }
    ${conv('conv1', 'data', 8)} ${conv('conv2', 'conv1', 6)}
    layer { name: "ip" type: "InnerProduct" bottom: "conv2" top: "ip" ${down} inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;
  return buildNet(parseNet(text, 'chain.prototxt'), { phase: 'TRAIN' });
}

const cases: [string, Net][] = [
  ['lr_mult 0', chain(0)],
  ['propagate_down: false', chain(1, 'propagate_down: false')],
];

/** Names of layers that have backward steps. */
function backwardLayers(plan: Plan, net: Net): string[] {
  return plan.backward.flatMap((s) => (s.kind === 'host' || s.kind === 'launch' ? [net.layers[s.layer]!.name] : []));
}

const headBytes = (5 * 6 * 6 * 6 + 5) * 4;
const prefixBytes = (8 * 3 * 9 + 8 + 6 * 8 * 9 + 6) * 4;

describe('a frozen prefix', () => {
  for (const [what, net] of cases) {
    it(`${what}: no backward step, no gradient in memory, on host and card`, () => {
      for (const plan of [makePlan(net), makePlan(net, { accelerator: card })]) {
        expect(new Set(backwardLayers(plan, net))).toEqual(new Set(['loss', 'ip']));
        // Of the head's bottom no gradient is wanted either.
        expect(plan.backward.some((s) => s.kind === 'launch' && s.pass === 'backward-data')).toBe(false);
        for (const value of plan.values) {
          const below = ['data', 'conv1', 'conv2', 'label'].includes(value.blob);
          if (below) expect(plan.diffSlab[value.id], value.blob).toBe(-1);
        }
        expect(plan.parameterBytes).toBe(prefixBytes + 2 * headBytes);
      }
    });

    it(`${what}: running and updating it touches no gradient of the prefix`, () => {
      const params = createParams(net, 1);
      const before = params.blobs.slice(0, 4).map((b) => [...b.data]);
      const execution = new Session({ device: 'host', board: '', config: '' }).execute(net, params);
      const text = 'net: "n" base_lr: 0.1 lr_policy: "fixed" momentum: 0.9';
      for (const type of ['SGD', 'Adam']) {
        const settings = checkSolver(parseSolver(`${text} type: "${type}"`, 's'), 's');
        const updater = new Updater(settings, net, params);
        updater.markRestored();
        for (let i = 0; i < 2; i++) {
          execution.forward();
          execution.backward(false);
          execution.collectGradients();
          updater.update(0.1, i);
        }
      }
      expect(params.blobs.map((b) => b.diffTensor.allocated)).toEqual([false, false, false, false, true, true]);
      expect(params.blobs.slice(0, 4).map((b) => [...b.data])).toEqual(before);
      expect(execution.memoryBytes().parameters).toBe(execution.plan.parameterBytes);
      execution.close();
    });
  }

  it('is none where the layers learn', () => {
    const net = chain(1);
    expect(new Set(backwardLayers(makePlan(net), net))).toContain('conv1');
    expect(makePlan(net).parameterBytes).toBe(2 * (prefixBytes + headBytes));
  });
});
