import type { Manifest } from '../kernels/index.ts';
import type { Net } from '../net/index.ts';
import type { Plan } from '../plan/index.ts';

/** Modelled cost of a plan's launches. Utilisation: useful multiply-accumulates over those the array had room for. */
export interface PlanModel {
  readonly cycles: number;
  readonly utilisation: number;
  readonly layers: ReadonlyMap<number, { readonly cycles: number; readonly utilisation: number }>;
}

export function modelPlan(_plan: Plan, _net: Net, _manifest: Manifest): PlanModel | undefined {
  return undefined;
}
