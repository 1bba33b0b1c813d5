import { modelOp, type OpCost, stepUtilisation } from '../cost/index.ts';
import { launchGeometry } from '../executor/index.ts';
import { loadBoard, type Manifest } from '../kernels/index.ts';
import type { Net } from '../net/index.ts';
import type { Plan } from '../plan/index.ts';
import { engineBits } from '../precision/index.ts';

interface LayerModel {
  readonly cycles: number;
  readonly utilisation: number;
}

/** Modelled cost of a plan's launches. Utilisation: useful multiply-accumulates over those the array had room for. */
export interface PlanModel extends LayerModel {
  readonly layers: ReadonlyMap<number, LayerModel>;
}

/** @returns undefined where nothing of the plan runs on the card */
export function modelPlan(plan: Plan, net: Net, manifest: Manifest): PlanModel | undefined {
  const board = loadBoard(manifest.board);
  const costs = new Map<number, OpCost[]>();
  for (const step of [...plan.forward, ...plan.backward]) {
    if (step.kind !== 'launch') continue;
    const layer = net.layers[step.layer]!;
    const shape = (value: number) => plan.values[value]!.shape;
    const task = {
      layer,
      bottom: shape(step.bottom),
      top: shape(step.top),
      pass: step.pass,
      lanes: plan.lanes,
      biasWanted: layer.paramPropagate[1] === true,
      words: step.words,
    };
    const { geometry, pass } = launchGeometry(manifest, task);
    costs.set(step.layer, [
      ...(costs.get(step.layer) ?? []),
      modelOp(geometry, pass, manifest, board, step.words ? engineBits(step.words) : 32),
    ]);
  }
  if (costs.size === 0) return undefined;
  const model = (list: readonly OpCost[]): LayerModel => ({
    cycles: list.reduce((sum, c) => sum + c.cycles, 0),
    utilisation: stepUtilisation(list),
  });
  const layers = new Map([...costs].map(([layer, list]) => [layer, model(list)]));
  return { ...model([...costs.values()].flat()), layers };
}
