import { inputError, usageError } from '../core/index.ts';
import type { NetParameter } from '../proto/index.ts';
import type { Values } from './filters.ts';
import type { ChannelGraph, Kept } from './graph.ts';
import { dependencyGroups } from './groups.ts';
import { rankerNamed } from './rankers/index.ts';
import { keptWithout, prunedText } from './surgery.ts';
import { type Combine, keepLayers, rankUnits } from './units.ts';
import { type TrunkRule, walk } from './walk.ts';

/** What the level is a share of: parameters, filters, or a figure that the caller computes of a smaller net's text (MACs, cycles, bytes). */
export type Criterion =
  | 'parameters'
  | 'filters'
  | { readonly name: string; readonly of: (text: NetParameter) => number };

export interface PruneSettings {
  /** Share to remove, from 0 to 1 (exclusive). */
  readonly level: number;
  readonly ranker?: string | undefined;
  readonly criterion?: Criterion | undefined;
  /** Filters that each layer keeps; default 2. */
  readonly minimum?: number | undefined;
  readonly trunk?: TrunkRule | undefined;
  readonly combine?: Combine | undefined;
  /** Widths become multiples of this; default 1. */
  readonly snap?: number | undefined;
  /** Layers that keep their outputs, by name, type or glob. */
  readonly keep?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  readonly sensitivity?: ReadonlyMap<string, Float64Array> | undefined;
}

/** A layer that became narrower. */
export interface PrunedLayer {
  readonly layer: string;
  readonly before: number;
  readonly after: number;
  /** Outputs that survive, by number. */
  readonly kept: readonly number[];
}

export interface Pruned {
  readonly text: NetParameter;
  readonly kept: Kept;
  readonly layers: readonly PrunedLayer[];
  readonly level: { readonly asked: number; readonly reached: number; readonly criterion: string };
  readonly parameters: { readonly before: number; readonly after: number };
  /** Why the level was missed by more than 2 % of the whole. */
  readonly reason?: string;
  /** Layers of which something cannot go, and why. */
  readonly staying: readonly { readonly layers: readonly string[]; readonly reasons: readonly string[] }[];
  /** Layers behind which the smaller net is not exactly the masked one. */
  readonly notes: ReadonlyMap<string, string>;
}

const NEAR = 0.02;

function check({ level, minimum = 2, snap = 1 }: PruneSettings): void {
  const refuse = (message: string, expected: string) => usageError({ message, expected, code: 'prune-setting' });
  if (!(level >= 0 && level < 1)) throw refuse(`the level is ${level}`, 'a share from 0 to below 1');
  if (!Number.isInteger(minimum) || minimum < 1) throw refuse(`the minimum is ${minimum}`, 'an integer ≥ 1');
  if (!Number.isInteger(snap) || snap < 1) throw refuse(`widths snap to ${snap}`, 'an integer ≥ 1');
}

/** The shortest beginning of the walk that removes at least `level`, for a figure that falls along it; all of it where none does. */
function shortest(steps: number, level: number, removed: (count: number) => number): number {
  let low = 0;
  let high = steps;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (removed(middle) >= level) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Chooses channels to remove and rewrites the text. `weights`: the parameters by key (valuesOf). Nothing given is changed, but channels
 * that are to stay are pinned in the graph. The removal walks one global ranking, the least first, until the level is reached.
 */
export function prune(graph: ChannelGraph, weights: Values, settings: PruneSettings): Pruned {
  check(settings);
  const {
    level,
    criterion = 'parameters',
    minimum = 2,
    trunk = 'none',
    combine = 'least',
    snap = 1,
    keep = [],
  } = settings;
  if (graph.producers.size === 0) {
    throw inputError({
      message: 'this net has no layer with filters to remove',
      expected: 'a Convolution, Deconvolution or InnerProduct',
      code: 'nothing-to-prune',
    });
  }
  const [unused] = keepLayers(graph, keep);
  if (unused !== undefined) {
    throw usageError({
      message: `'${unused}' matches no layer with filters`,
      expected: [...graph.producers.keys()].join(', '),
    });
  }
  const { seed = 1, sensitivity } = settings;
  const units = rankUnits(
    rankerNamed(settings.ranker ?? 'mean-abs'),
    { graph, weights, seed, sensitivity },
    combine,
    snap,
  );
  const { steps, ...whole } = walk(graph, units, { minimum, trunk, level });
  const without = (count: number): Kept =>
    keptWithout(graph.channels, new Set(steps.slice(0, count).flatMap(({ roots }) => roots)));
  const name = typeof criterion === 'string' ? criterion : criterion.name;
  const figure = (count: number): number => {
    if (typeof criterion !== 'string') return criterion.of(prunedText(graph, without(count)));
    return count === 0 ? whole[criterion] : steps[count - 1]![criterion];
  };
  const all = figure(0);
  const removed = (count: number) => (all - figure(count)) / all;
  const count = shortest(steps.length, level, removed);
  const kept = without(count);
  const reached = removed(count);
  const reason = missed(level, reached, name, () => ({
    before: removed(Math.max(0, count - 1)),
    limited: whole.limited,
  }));
  return {
    text: prunedText(graph, kept),
    kept,
    layers: narrowed(graph, kept),
    level: { asked: level, reached, criterion: name },
    parameters: { before: whole.parameters, after: count === 0 ? whole.parameters : steps[count - 1]!.parameters },
    ...(reason ? { reason } : {}),
    staying: dependencyGroups(graph).filter(({ reasons }) => reasons.length > 0),
    notes: graph.notes,
  };
}

/** The reason for an achieved level that is not the one asked for. */
function missed(
  asked: number,
  reached: number,
  name: string,
  more: () => { before: number; limited: number },
): string | undefined {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  if (Math.abs(reached - asked) <= NEAR) return undefined;
  if (reached < asked) {
    const limits = `${more().limited} more could go but for the filters that each layer keeps`;
    return `${percent(reached)} of ${name} is the most that can go: ${limits}, and the others stay for the reasons given`;
  }
  return `the step that reaches ${percent(asked)} goes from ${percent(more().before)} to ${percent(reached)}`;
}

function narrowed(graph: ChannelGraph, kept: Kept): PrunedLayer[] {
  return [...graph.producers.values()].flatMap(({ layer, outputs }) => {
    const stay = [...outputs.keys()].filter((i) => kept.has(outputs[i]!));
    return [{ layer: layer.name, before: outputs.length, after: stay.length, kept: stay }];
  });
}
