import type { Execution } from '../executor/index.ts';
import { sumMagnitudes, sumSquares } from '../math/index.ts';

const digits = (value: number): string => Number(value.toPrecision(6)).toString();
const mean = (values: Float32Array): string => digits(values.length === 0 ? 0 : sumMagnitudes(values) / values.length);

/**
 * Caffe's debug_info after forward and backward: mean magnitudes of every top, parameter and gradient. A blob that layers
 * change in place shows its last values (Caffe prints each in between).
 */
export function describePass(execution: Execution): string[] {
  const { net, params } = execution;
  const lines: string[] = [];
  for (const layer of net.layers) {
    for (const top of layer.tops) {
      lines.push(`    [Forward] Layer ${layer.name}, top blob ${top} data: ${mean(execution.blob(top).data)}`);
    }
    layer.params.forEach((p, j) => {
      const name = net.params[p]!.name || String(j);
      lines.push(`    [Forward] Layer ${layer.name}, param blob ${name} data: ${mean(params.blobs[p]!.data)}`);
    });
  }
  for (const layer of net.layers.toReversed()) {
    if (!layer.needBackward) continue;
    layer.bottoms.forEach((bottom, i) => {
      if (!layer.propagateDown[i]) return;
      lines.push(
        `    [Backward] Layer ${layer.name}, bottom blob ${bottom} diff: ${mean(execution.blob(bottom).diff)}`,
      );
    });
    layer.params.forEach((p, j) => {
      if (!layer.paramPropagate[j]) return;
      lines.push(`    [Backward] Layer ${layer.name}, param blob ${j} diff: ${mean(params.blobs[p]!.diff)}`);
    });
  }
  const sum = (of: (index: number) => number) => net.learnable.reduce((total, i) => total + of(i), 0);
  const data = (i: number) => params.blobs[i]!.data;
  const diff = (i: number) => params.blobs[i]!.diff;
  const l1 = [data, diff].map((values) => digits(sum((i) => sumMagnitudes(values(i)))));
  const l2 = [data, diff].map((values) => digits(Math.sqrt(sum((i) => sumSquares(values(i))))));
  lines.push(`    [Backward] All net params (data, diff): L1 norm = (${l1.join(', ')}); L2 norm = (${l2.join(', ')})`);
  return lines;
}

/** Copies of the learnable parameters, to tell afterwards how far an update moved them. */
export function beforeUpdate(execution: Execution): Float32Array[] {
  return execution.net.learnable.map((i) => execution.params.blobs[i]!.data.slice());
}

/** Caffe's debug_info of the update: mean magnitudes of the parameters before it and of the step. */
export function describeUpdate(execution: Execution, before: readonly Float32Array[]): string[] {
  const { net, params } = execution;
  return net.learnable.map((index, k) => {
    const param = net.params[index]!;
    const now = params.blobs[index]!.data;
    const step = before[k]!.map((value, i) => value - now[i]!);
    const name = param.name || String(param.slot);
    return `    [Update] Layer ${net.layers[param.layer]!.name}, param ${name} data: ${mean(before[k]!)}; diff: ${mean(step)}`;
  });
}
