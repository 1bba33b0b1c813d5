import type { ChannelGraph } from './graph.ts';
import { dependencyGroups } from './groups.ts';
import { Tally } from './tally.ts';
import type { Unit } from './units.ts';

/**
 * What a residual trunk keeps at least, as published: 2020 ⌈C·(1 − level)⌉ from 50 % on and ⌈C·level⌉ below (inverted there, kept as it
 * was); 2021 ⌈C·(1 − level)⌉ up to 50 %, ⌈C·level⌉ up to 85 %, half above. `none`: the minimum of any layer.
 */
export type TrunkRule = 'none' | '2020' | '2021';

export interface Limits {
  /** Filters that a layer keeps (published: 2). */
  readonly minimum: number;
  readonly trunk: TrunkRule;
  /** The level asked for, from 0 to 1: the trunk rules depend on it. */
  readonly level: number;
}

function trunkShare(rule: TrunkRule, level: number): number {
  if (rule === 'none') return 0;
  if (rule === '2020') return level >= 0.5 ? 1 - level : level;
  return level <= 0.5 ? 1 - level : level < 0.85 ? level : 0.5;
}

/** One removal that the limits allow, with what is left after it. */
export interface Step {
  readonly roots: readonly number[];
  readonly parameters: number;
  readonly filters: number;
}

export interface Walk {
  readonly parameters: number;
  readonly filters: number;
  readonly steps: readonly Step[];
  /** Units that a limit kept. */
  readonly limited: number;
}

/** Least number of channels for each width. A width of a grouped convolution's pieces, or of a Slice's, must not vanish. */
function minima(graph: ChannelGraph, limits: Limits): number[] {
  const share = trunkShare(limits.trunk, limits.level);
  const trunk = new Set(dependencyGroups(graph).flatMap((group) => (group.trunk ? group.layers : [])));
  return graph.widths.map(({ kind, layer, ids }) => {
    if (kind === 'piece') return 1;
    // Rounded before the ceiling: 0.3 of 10 is 3, not 4.
    const most = trunk.has(layer) ? Math.ceil(Math.round(ids.length * share * 1e9) / 1e9) : 0;
    return Math.max(1, Math.min(ids.length, Math.max(limits.minimum, most)));
  });
}

/** Walks the whole ranking once and removes what the limits allow. Every unit is looked at exactly once, none is passed over. */
export function walk(graph: ChannelGraph, units: readonly Unit[], limits: Limits): Walk {
  const least = minima(graph, limits);
  const tally = new Tally(graph);
  const { parameters, filters } = tally;
  const steps: Step[] = [];
  for (const { roots } of units) {
    const losses = tally.losses(roots);
    if ([...losses].some(([at, lost]) => tally.left[at]! - lost < least[at]!)) continue;
    tally.remove(roots);
    steps.push({ roots, parameters: tally.parameters, filters: tally.filters });
  }
  return { parameters, filters, steps, limited: units.length - steps.length };
}
