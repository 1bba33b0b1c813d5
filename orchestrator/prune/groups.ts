import type { ChannelGraph } from './graph.ts';

/** Layers whose outputs are tied, channel by channel. */
export interface DependencyGroup {
  /** Layers that make the channels, in order. */
  readonly layers: readonly string[];
  /** Sets of tied channels, by root. */
  readonly classes: readonly number[];
  /** Sets that may go. */
  readonly prunable: readonly number[];
  /** Why the others stay. */
  readonly reasons: readonly string[];
  /** An Eltwise ties the outputs of several layers: a residual trunk. */
  readonly trunk: boolean;
}

/** Which layers' outputs make up each class of tied channels, by root. */
export function producersByRoot(graph: ChannelGraph): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const [name, { outputs }] of graph.producers) {
    for (const id of outputs) {
      const root = graph.channels.find(id);
      const names = found.get(root);
      if (!names) found.set(root, [name]);
      else if (names.at(-1) !== name) names.push(name);
    }
  }
  return found;
}

/** The dependency groups of a net: classes made by the same layers stand in one group. */
export function dependencyGroups(graph: ChannelGraph): DependencyGroup[] {
  const added = new Set([...graph.added].map((id) => graph.channels.find(id)));
  const groups = new Map<string, { layers: string[]; classes: number[] }>();
  for (const [root, layers] of producersByRoot(graph)) {
    const key = layers.join('\n');
    const group = groups.get(key);
    if (group) group.classes.push(root);
    else groups.set(key, { layers, classes: [root] });
  }
  return [...groups.values()].map(({ layers, classes }) => {
    const wide = layers.filter((name) => !graph.producers.get(name)!.depthwise);
    return {
      layers,
      classes,
      prunable: classes.filter((root) => graph.channels.reason(root) === undefined),
      reasons: [...new Set(classes.flatMap((root) => graph.channels.reason(root) ?? []))],
      trunk: wide.length > 1 && classes.some((root) => added.has(root)),
    };
  });
}
