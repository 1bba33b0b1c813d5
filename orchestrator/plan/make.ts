import { elementCount, storedCount } from '../blob/index.ts';
import type { Net } from '../net/index.ts';
import { runsInPlace } from './access.ts';
import { assignMemory } from './memory.ts';
import { type Accelerator, type PlacementRules, type PlannedPrecision, place } from './placement.ts';
import type { Plan } from './plan.ts';
import { type Schedule, schedule } from './schedule.ts';

export interface PlanOptions {
  readonly accelerator?: Accelerator | undefined;
  readonly placement?: PlacementRules | undefined;
  /** Word lengths on the card; default fp32. */
  readonly precision?: PlannedPrecision | undefined;
  /** Plan a backward pass too; default: the net's phase is TRAIN or it forces one. */
  readonly training?: boolean | undefined;
  /** Every blob keeps its memory, so that all can be looked at after a step. */
  readonly keepBlobs?: boolean | undefined;
}

/** Lanes that waste the least: the smallest width that holds the batch, else the widest. */
function chooseLanes(batch: number, offered: readonly number[]): number {
  const widths = [...offered].sort((a, b) => a - b);
  return widths.find((w) => w >= batch) ?? widths[widths.length - 1] ?? 1;
}

export function makePlan(net: Net, options: PlanOptions = {}): Plan {
  const { accelerator } = options;
  const training = options.training ?? (net.phase === 'TRAIN' || net.forceBackward);
  const placements = place(net, accelerator, options.placement, options.precision);
  const lanes = accelerator ? chooseLanes(net.batch, accelerator.lanes) : 1;
  const steps = schedule(net, placements, lanes);
  const memory = assignMemory(net, steps, training, options.keepBlobs ?? false);
  const owned = net.params.filter((p) => p.owner === p.index);
  const parameters = owned.reduce((sum, p) => sum + elementCount(p.shape), 0);
  const trained = training ? trainedParams(net) : new Set<number>();
  const gradients = owned.filter((p) => trained.has(p.index)).reduce((sum, p) => sum + elementCount(p.shape), 0);
  return {
    net: net.name,
    phase: net.phase,
    device: accelerator && {
      board: accelerator.board,
      config: accelerator.config,
      computeUnits: accelerator.computeUnits,
    },
    lanes,
    placements,
    values: steps.values,
    slabs: memory.slabs,
    dataSlab: memory.dataSlab,
    diffSlab: memory.diffSlab,
    group: memory.group,
    forward: steps.forward,
    backward: training ? steps.backward : [],
    finalValue: steps.finalValue,
    blobBytes: memory.slabs.reduce((sum, s) => sum + s.elements * 4, 0),
    layerBytes: layerBytes(net, steps, training),
    parameterBytes: (parameters + gradients) * 4,
  };
}

/** Owners of params that a backward pass gives a gradient: not those of a frozen prefix (lr_mult 0, or below propagate_down false). */
function trainedParams(net: Net): Set<number> {
  const layers = net.layers.filter((l) => l.needBackward);
  return new Set(
    layers.flatMap((l) => l.params.filter((_, j) => l.paramPropagate[j]).map((p) => net.params[p]!.owner)),
  );
}

function layerBytes(net: Net, { values, forward }: Schedule, training: boolean): number {
  const use = (id: number) => ({
    shape: values[id]!.shape,
    stored: storedCount(values[id]!.shape, values[id]!.layout),
  });
  let bytes = 0;
  for (const step of forward) {
    if (step.kind !== 'host') continue;
    const layer = net.layers[step.layer]!;
    const [bottoms, tops] = [step.bottoms.map(use), step.tops.map(use)];
    const backward = training && layer.needBackward;
    const { phase } = net;
    bytes +=
      layer.type.plannedBytes?.(layer.param, { bottoms, tops, phase, backward, inPlace: runsInPlace(layer) }) ?? 0;
  }
  return bytes;
}
