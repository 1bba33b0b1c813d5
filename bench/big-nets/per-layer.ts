import { Blob } from '../../orchestrator/blob/index.ts';
import type { PlanExecution } from '../../orchestrator/executor/index.ts';

/** Worst difference of a layer that ran on the card from the host's layer on the card's own operands. */
export interface LayerDifference {
  readonly worst: number;
  readonly layer: string;
}

/**
 * Weight gradients of the card against the host's, both from the same activations and top gradients. End to end a rounding
 * may turn a ReLU or choose another maximum in a pool, and then gradients differ by more than rounding though both are
 * right; layer by layer there are no such kinks. The plan must keep all blobs.
 */
export function compareLayers(execution: PlanExecution): LayerDifference {
  let [worst, name] = [0, ''];
  for (const { layer, place } of execution.plan.placements) {
    const l = execution.net.layers[layer]!;
    if (place !== 'fpga' || !l.needBackward || !l.layer.backward) continue;
    const bottoms = l.bottoms.map((id) => execution.blob(id));
    const tops = l.tops.map((id) => execution.blob(id));
    const own = l.params.map((p) => execution.params.blobs[p]!);
    const shadows = own.map((p) => new Blob(p.name, p.shape, p.layout, { data: p.dataTensor }));
    l.layer.backward(
      tops,
      bottoms.map(() => false),
      bottoms,
      shadows,
      l.paramPropagate,
    );
    const asked = own.map(
      (_, j) => l.paramPropagate[j] && execution.net.params[l.params[j]!]!.sharedWith === undefined,
    );
    const error = relativeDifference(own.flatMap((p, j) => (asked[j] ? [{ a: shadows[j]!.diff, b: p.diff }] : [])));
    if (error > worst) [worst, name] = [error, l.name];
  }
  return { worst, layer: name };
}

/**
 * Largest |a - b| over the largest |a|: rounding is judged against the size of what is compared together. Weights and bias
 * of a layer are: before a BatchNorm the gradient of a bias is nothing but rounding. Infinite where something is no number.
 */
export function relativeDifference(pairs: readonly { a: Float32Array; b: Float32Array }[]): number {
  let [largest, difference] = [0, 0];
  for (const { a, b } of pairs) {
    if (a.length !== b.length) return Infinity;
    for (let i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i]!));
      difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    }
  }
  if (Number.isNaN(difference)) return Infinity;
  return difference === 0 ? 0 : difference / largest;
}
