import type { Output } from '../core/index.ts';
import type { Execution } from '../executor/index.ts';

const f = Math.fround;

/** Outputs of the last forward, element by element, as Caffe numbers them. */
export function listOutputs(execution: Execution): Output[] {
  const list: Output[] = [];
  for (const { blob, values, lossWeight } of execution.outputs()) {
    for (const value of values) list.push({ index: list.length, blob, value, lossWeight });
  }
  return list;
}

export interface TestResult {
  readonly outputs: Output[];
  /** Mean of the weighted losses. */
  readonly loss: number;
  readonly iterations: number;
}

/**
 * Mean outputs of `iterations` forward passes, summed in float32 as Caffe does. `interrupted` is asked before each pass;
 * undefined is returned where it says yes.
 */
export function testNet(execution: Execution, iterations: number, interrupted: () => boolean): TestResult | undefined {
  let loss = 0;
  let sums: number[] = [];
  let last: Output[] = [];
  for (let i = 0; i < iterations; i++) {
    if (interrupted()) return undefined;
    loss = f(loss + execution.forward());
    last = listOutputs(execution);
    sums = i === 0 ? last.map((o) => f(o.value)) : sums.map((s, k) => f(s + (last[k]?.value ?? 0)));
  }
  return {
    outputs: last.map((output, k) => ({ ...output, value: f(sums[k]! / iterations) })),
    loss: f(loss / iterations),
    iterations,
  };
}
