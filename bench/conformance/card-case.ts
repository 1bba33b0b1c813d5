import type { Session } from '../../orchestrator/executor/index.ts';
import { buildNet, closeNet, createParams } from '../../orchestrator/net/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { type GoldenTensor, type LayerCase, readValues } from './cases.ts';
import { compare } from './compare.ts';
import type { Outcome } from './layer-case.ts';

const dims = (shape: readonly number[]) => `shape { ${shape.map((d) => `dim: ${d}`).join(' ')} }`;
const input = (name: string, shape: readonly number[]) =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { ${dims(shape)} } }\n`;

/** The layer in a net whose loss is the sum of top · coefficient: the gradient of its top is the coefficient, to the bit. */
function netOf(golden: LayerCase, of: (role: GoldenTensor['role']) => GoldenTensor): string {
  return (
    `name: "${golden.name}" force_backward: true\n` +
    input('bottom0', of('bottom').shape) +
    input('coefficient', of('top').shape) +
    golden.prototxt +
    'layer { name: "product" type: "Eltwise" bottom: "top0" bottom: "coefficient" top: "product" eltwise_param { operation: PROD } }\n' +
    'layer { name: "sum" type: "Reduction" bottom: "product" top: "sum" loss_weight: 1 }\n'
  );
}

/**
 * One recorded layer with one bottom and one top as training runs it: planned, transferred, launched. The outcome says where it ran.
 * Never throws: what goes wrong is a failure with its text.
 */
export function runCardCase(golden: LayerCase, folder: string, session: Session): Outcome {
  const { name, type } = golden;
  const values = readValues(folder, golden.file);
  const list = (role: GoldenTensor['role']) => golden.tensors.filter((t) => t.role === role);
  const of = (role: GoldenTensor['role']) => list(role)[0]!;
  const read = (t: GoldenTensor) => values.subarray(t.offset, t.offset + t.count);
  let place = 'host';
  try {
    const net = buildNet(parseNet(netOf(golden, of), `${name}.prototxt`), { phase: golden.phase });
    const params = createParams(net, 1);
    const execution = session.execute(net, params, { training: true, keepBlobs: true });
    const placement = execution.plan.placements.find((p) => net.layers[p.layer]!.name === name)!;
    place = placement.place === 'fpga' ? 'card' : `host: ${placement.reason}`;
    execution.blob('bottom0').data.set(read(of('bottom')));
    execution.blob('coefficient').data.set(read(of('top_diff')));
    for (const t of list('param')) params.blobs[t.index]!.data.set(read(t));
    execution.parametersChanged();
    execution.forward();
    execution.backward(false);
    execution.collectGradients();
    const results: [string, Float32Array, GoldenTensor][] = [
      ['top', execution.blob('top0').data, of('top')],
      ['bottom_diff', execution.blob('bottom0').diff, of('bottom_diff')],
      ...list('param_diff').map((t): [string, Float32Array, GoldenTensor] => [
        `param_diff ${t.index}`,
        params.blobs[t.index]!.diff,
        t,
      ]),
    ];
    const differences = results.map(([what, got, t]) => compare(what, got, read(t), t.maxabs, type));
    execution.close();
    closeNet(net);
    const worst = Math.max(...differences.map((d) => d.ratio));
    const failures = differences.filter((d) => d.ratio > 1).map((d) => d.message);
    return failures.length > 0
      ? { name, type, verdict: 'failed', reason: failures.join('; '), worst, place }
      : { name, type, verdict: 'passed', worst, place };
  } catch (error) {
    const reason = (error as Error).message;
    return { name, type, verdict: 'failed', reason, worst: Number.POSITIVE_INFINITY, place };
  }
}
