import type { ChannelGraph } from './graph.ts';
import { producersByRoot } from './groups.ts';
import type { Evidence, Ranker } from './rankers/index.ts';

/** Classes of tied channels that go together, and how much they matter. */
export interface Unit {
  readonly roots: readonly number[];
  readonly score: number;
}

/** Score of a class with several filters: its least one (the published rule: the first that is met takes the others along), or their mean. */
export type Combine = 'least' | 'mean';

/** One score for each class that may go. */
function scoreClasses(ranker: Ranker, evidence: Evidence, combine: Combine): Map<number, number> {
  const { graph } = evidence;
  const scores = new Map<number, { least: number; sum: number; count: number }>();
  for (const producer of graph.producers.values()) {
    if ([...producer.outputs].every((id) => graph.channels.reason(id) !== undefined)) continue;
    const found = ranker.score(producer, evidence);
    producer.outputs.forEach((id, i) => {
      const root = graph.channels.find(id);
      const score = scores.get(root) ?? { least: Number.POSITIVE_INFINITY, sum: 0, count: 0 };
      score.least = Math.min(score.least, found[i]!);
      score.sum += found[i]!;
      score.count++;
      scores.set(root, score);
    });
  }
  const free = [...scores].filter(([root]) => graph.channels.reason(root) === undefined);
  return new Map(free.map(([root, s]) => [root, combine === 'least' ? s.least : s.sum / s.count]));
}

/** For each root the part it lies in. */
interface Cut {
  readonly parts: Map<number, number>;
  readonly count: number;
}

/**
 * Grouped convolutions want as many channels from each part. Partitions that share channels must cut them alike; where they do not,
 * their channels are pinned.
 */
function cuts(graph: ChannelGraph): Cut[] {
  const { channels } = graph;
  const found: Cut[] = [];
  const owner = new Map<number, Cut>();
  for (const { layer, parts } of graph.partitions) {
    const placed = parts.flatMap((ids, part) => [...ids].map((id) => [channels.find(id), part] as const));
    const roots = placed.map(([root]) => root);
    const known = owner.get(roots.find((root) => owner.has(root)) ?? -1);
    const once = new Set(roots).size === roots.length;
    const alike =
      !known ||
      (known.count === parts.length &&
        known.parts.size === roots.length &&
        placed.every(([root, part]) => known.parts.get(root) === part));
    if (!once || !alike) {
      channels.pin(
        [...roots, ...(known?.parts.keys() ?? [])],
        `${layer} cuts the channels into groups that others do not have`,
      );
    } else if (!known) {
      const cut = { parts: new Map(placed), count: parts.length };
      for (const root of roots) owner.set(root, cut);
      found.push(cut);
    }
  }
  return found;
}

/** The k-th least of each part go together. */
function lockSteps({ parts, count }: Cut, scores: ReadonlyMap<number, number>): Unit[] {
  const lists = Array.from({ length: count }, (): Unit[] => []);
  for (const [root, part] of parts) {
    const score = scores.get(root);
    if (score !== undefined) lists[part]!.push({ roots: [root], score });
  }
  for (const list of lists) list.sort(byScore);
  const steps = Math.min(...lists.map((list) => list.length));
  return Array.from({ length: steps }, (_, k) => joined(lists.map((list) => list[k]!)));
}

/** Units that go as one; their score is the mean. */
const joined = (units: readonly Unit[]): Unit => ({
  roots: units.flatMap(({ roots }) => roots),
  score: units.reduce((sum, { score }) => sum + score, 0) / units.length,
});

const byScore = (a: Unit, b: Unit): number => a.score - b.score || a.roots[0]! - b.roots[0]!;

/** Bundles within each dependency group, so that widths stay multiples of `snap` (per group of a grouped convolution). */
function bundled(graph: ChannelGraph, units: readonly Unit[], snap: number): Unit[] {
  const makers = producersByRoot(graph);
  const families = new Map<string, Unit[]>();
  for (const unit of units) {
    const key = makers.get(unit.roots[0]!)!.join('\n');
    families.set(key, [...(families.get(key) ?? []), unit]);
  }
  return [...families.values()].flatMap((family) => {
    const maker = graph.producers.get(makers.get(family[0]!.roots[0]!)![0]!)!;
    const sorted = [...family].sort(byScore);
    const width = maker.outputs.length / sorted[0]!.roots.length;
    const bundles: Unit[] = [];
    for (let at = 0, size = width % snap || snap; at + size <= sorted.length; at += size, size = snap) {
      bundles.push(joined(sorted.slice(at, at + size)));
    }
    return bundles;
  });
}

/** What can be removed, the least first: single classes, lock-steps of grouped convolutions, bundles where widths snap to tiles. */
export function rankUnits(ranker: Ranker, evidence: Evidence, combine: Combine, snap: number): Unit[] {
  const { graph } = evidence;
  const cut = cuts(graph);
  const scores = scoreClasses(ranker, evidence, combine);
  const stepped = new Set(cut.flatMap(({ parts }) => [...parts.keys()]));
  const single = [...scores].filter(([root]) => !stepped.has(root)).map(([root, score]) => ({ roots: [root], score }));
  const units = [...single, ...cut.flatMap((c) => lockSteps(c, scores))];
  return (snap > 1 ? bundled(graph, units, snap) : units).sort(byScore);
}

/** Pins the outputs of layers that are to stay, by name, type or glob; returns patterns that match none. */
export function keepLayers(graph: ChannelGraph, patterns: readonly string[]): string[] {
  return patterns.filter((pattern) => {
    const text = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    const expression = new RegExp(`^${text}$`);
    const named = [...graph.producers.values()].filter(
      ({ layer }) => expression.test(layer.name) || expression.test(layer.type.type),
    );
    for (const { layer, outputs } of named) graph.channels.pin(outputs, `${layer.name} is to stay`);
    return named.length === 0;
  });
}
