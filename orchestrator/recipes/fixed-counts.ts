import type { PlanExecution } from '../executor/index.ts';

/** How a tensor fared in block floating point at one level of the ladder, over all passes. */
export interface TensorFate {
  readonly level: string;
  /** Tensor and role, or layer and pass. */
  readonly tensor: string;
  readonly word: number;
  /** The last exponent. */
  readonly exponent: number;
  readonly elements: number;
  readonly saturated: number;
  readonly underflowed: number;
}

/** Gathers the counters of the executions of a run; they outlive their execution. */
export class FixedCounts {
  private readonly executions: { level: string; execution: PlanExecution }[] = [];

  add(level: string, execution: PlanExecution): void {
    if (execution.fixed) this.executions.push({ level, execution });
  }

  list(): TensorFate[] {
    return this.executions.flatMap(({ level, execution }) =>
      [...execution.fixed!.tensors.counts].map(([tensor, counts]) => ({ level, tensor, ...counts })),
    );
  }
}
