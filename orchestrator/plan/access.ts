import type { BackwardReads } from '../layers/index.ts';
import type { Net, NetLayer } from '../net/index.ts';
import type { Part, Step } from './plan.ts';

/** One part of one value, as a step touches it. */
export interface Access {
  readonly value: number;
  readonly part: Part;
}

export interface StepAccess {
  readonly reads: readonly Access[];
  readonly writes: readonly Access[];
}

const data = (value: number): Access => ({ value, part: 'data' });
const diff = (value: number): Access => ({ value, part: 'diff' });

/** In place: some top is the memory of bottom 0. */
export const runsInPlace = ({ bottoms, tops }: NetLayer): boolean => tops.length > 0 && bottoms[0] === tops[0];

function backwardReads(layer: NetLayer): BackwardReads {
  const reads = layer.type.backwardReads ?? {};
  return typeof reads === 'function' ? reads(layer.param, runsInPlace(layer)) : reads;
}

/** What a step reads and writes of blobs (params apart): the one rule behind memory reuse, transfers and the printed plan. */
export function accesses(net: Net, step: Step): StepAccess {
  switch (step.kind) {
    case 'fill':
      return { reads: [], writes: [diff(step.value)] };
    case 'reorder':
      return {
        reads: [{ value: step.from, part: step.part }],
        writes: [{ value: step.to, part: step.part }],
      };
    case 'host': {
      const layer = net.layers[step.layer]!;
      if (step.pass === 'forward') return { reads: step.bottoms.map(data), writes: step.tops.map(data) };
      const needs = backwardReads(layer);
      return {
        reads: [
          ...step.tops.map(diff),
          ...(needs.tops === false ? [] : step.tops.map(data)),
          ...(needs.bottoms === false ? [] : step.bottoms.map(data)),
        ],
        writes: step.bottoms.filter((_, i) => layer.propagateDown[i]).map(diff),
      };
    }
    case 'launch':
      if (step.pass === 'forward') return { reads: [data(step.bottom)], writes: [data(step.top)] };
      if (step.pass === 'backward-data') return { reads: [diff(step.top)], writes: [diff(step.bottom)] };
      return { reads: [diff(step.top), data(step.bottom)], writes: [] };
  }
}
