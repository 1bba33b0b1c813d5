import { widestAccumulator } from '../executor/index.ts';
import type { Manifest } from '../kernels/index.ts';
import type { Net } from '../net/index.ts';
import { type Plan, planTraffic } from '../plan/index.ts';
import { levelName } from '../precision/index.ts';
import { modelPlan } from './model-plan.ts';

export interface PlannedLayer {
  readonly name: string;
  readonly type: string;
  readonly place: 'host' | 'fpga';
  readonly reason: string;
  /** Shape of the first top, as `64 20 24 24`. */
  readonly top: string;
  readonly lanes: number;
  readonly macs: number;
  /** Modelled cycles of all planned passes on the card; null on the host. */
  readonly cycles: number | null;
  readonly utilisation: number | null;
  /** Word length, e.g. `8 bits`; fp32 on the host and where nothing else is asked for. */
  readonly precision: string;
  /** Bits that the sums of its passes need at most; null in fp32. */
  readonly accumulator_bits: number | null;
}

/** A plan in figures that can be printed or compared. Cycles and utilisation are modelled; bytes and launches follow from the plan. */
export interface PlanDescription {
  readonly net: string;
  readonly phase: string;
  readonly board: string | null;
  readonly config: string | null;
  readonly layers: readonly PlannedLayer[];
  readonly cycles: number | null;
  readonly clock_mhz: number | null;
  readonly milliseconds: number | null;
  readonly utilisation: number | null;
  readonly bytes_to_device: number;
  readonly bytes_from_device: number;
  readonly launches: number;
  readonly blob_bytes: number;
  readonly parameter_bytes: number;
  /** Masks, copies and states that layers hold for themselves. */
  readonly layer_bytes: number;
}

export function describePlan(plan: Plan, net: Net, manifest: Manifest | undefined): PlanDescription {
  const model = manifest && modelPlan(plan, net, manifest);
  const traffic = planTraffic(plan, net);
  const layers = net.layers.map((layer): PlannedLayer => {
    const placement = plan.placements[layer.index]!;
    const value = plan.values.find((v) => v.producer === layer.index && v.shadowOf === undefined);
    const cost = model?.layers.get(layer.index);
    return {
      name: layer.name,
      type: layer.type.type,
      place: placement.place,
      reason: placement.reason,
      top: value?.shape.join(' ') ?? '',
      lanes: value?.layout.lanes ?? 1,
      macs: layer.macs,
      cycles: cost?.cycles ?? null,
      utilisation: cost?.utilisation ?? null,
      precision: placement.words ? levelName(placement.words) : 'fp32',
      accumulator_bits: manifest && placement.words ? widestAccumulator(manifest, layer, net, placement.words) : null,
    };
  });
  return {
    net: plan.net,
    phase: plan.phase,
    board: plan.device?.board ?? null,
    config: plan.device?.config ?? null,
    layers,
    cycles: model?.cycles ?? null,
    clock_mhz: manifest?.clockMHz ?? null,
    milliseconds: model && manifest ? model.cycles / (manifest.clockMHz * 1000) : null,
    utilisation: model?.utilisation ?? null,
    bytes_to_device: traffic.toDevice,
    bytes_from_device: traffic.fromDevice,
    launches: traffic.launches,
    blob_bytes: plan.blobBytes,
    parameter_bytes: plan.parameterBytes,
    layer_bytes: plan.layerBytes,
  };
}
