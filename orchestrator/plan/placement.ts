import { inputError, nearest } from '../core/index.ts';
import { type Net, type NetLayer, resizedLayers } from '../net/index.ts';
import { engineBits, type Level, type WordLengths } from '../precision/index.ts';
import type { Placement } from './plan.ts';

/** What a card answers when asked for a layer: a kernel takes it, or the reason why not. */
export interface Acceptance {
  readonly accepted: boolean;
  readonly reason: string;
}

/** The planner's view of an accelerator; `kernels/` implements it from a manifest, so planning needs no card. */
export interface Accelerator {
  readonly board: string;
  readonly config: string;
  readonly computeUnits: number;
  /** Batch lanes that its kernels take, e.g. [8, 16]. */
  readonly lanes: readonly number[];
  /** Widths of the elements it computes with: 32 is fp32, 8 and 16 are block floating point. */
  readonly elementBits: readonly number[];
  /** `words`: the layer computes in block floating point of these lengths. */
  accepts(net: Net, layer: NetLayer, words?: WordLengths): Acceptance;
}

/** Word lengths of the net's layers on the card: a level for all, and levels of single ones (name or glob, first match). */
export interface PlannedPrecision {
  readonly level: Level;
  readonly layers: readonly { readonly pattern: string; readonly level: Level }[];
}

/** User's wishes: layer names, types or globs (`conv*`) that stay on the host. */
export interface PlacementRules {
  readonly host?: readonly string[] | undefined;
}

function globToExpression(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${escaped}$`);
}

/** A pattern of names and types; `used` says whether it matched anything. */
function pattern(text: string) {
  const expression = globToExpression(text);
  return {
    text,
    used: false,
    matches(layer: NetLayer): boolean {
      const matched = expression.test(layer.name) || expression.test(layer.type.type);
      this.used ||= matched;
      return matched;
    },
  };
}

function refuseUnused(net: Net, path: string, patterns: readonly { text: string; used: boolean }[]): void {
  const unused = patterns.find((p) => !p.used);
  if (!unused) return;
  const known = net.layers.flatMap((l) => [l.name, l.type.type]);
  const near = nearest(unused.text, known);
  throw inputError({
    path,
    message: `'${unused.text}' matches no layer name or type of net '${net.name}'`,
    hint: near ? `did you mean '${near}'?` : `layers are ${net.layers.map((l) => l.name).join(', ')}`,
  });
}

/** The card's answer for a layer at a level; without an engine for fp32 the host, which computes in fp32, serves. */
function ask(net: Net, layer: NetLayer, accelerator: Accelerator, level: Level): Placement {
  const { config, elementBits } = accelerator;
  const words = level === 'fp32' ? undefined : level;
  if (!elementBits.includes(engineBits(level))) {
    const reason = `${config} computes with ${elementBits.join(', ')} bits, this layer needs ${engineBits(level)}`;
    return { layer: layer.index, place: 'host', reason };
  }
  const { accepted, reason } = accelerator.accepts(net, layer, words);
  return { layer: layer.index, place: accepted ? 'fpga' : 'host', reason, words: accepted ? words : undefined };
}

/** Every layer's place. A rule that matches nothing is a mistake of the user and refused. */
export function place(
  net: Net,
  accelerator: Accelerator | undefined,
  rules: PlacementRules = {},
  precision: PlannedPrecision = { level: 'fp32', layers: [] },
): Placement[] {
  const patterns = (rules.host ?? []).map(pattern);
  const levels = precision.layers.map((l) => ({ rule: pattern(l.pattern), level: l.level }));
  const resized = resizedLayers(net);
  const placements = net.layers.map((layer): Placement => {
    const level = levels.filter((l) => l.rule.matches(layer))[0]?.level ?? precision.level;
    const named = patterns.find((p) => p.matches(layer));
    if (named) return { layer: layer.index, place: 'host', reason: `placement.host names '${named.text}'` };
    if (!accelerator) return { layer: layer.index, place: 'host', reason: 'no accelerator' };
    const by = resized.get(layer.index);
    if (by !== undefined) {
      const reason = `how many rows it gets is decided by '${by}' while the net runs; a launch is planned for one shape`;
      return { layer: layer.index, place: 'host', reason };
    }
    return ask(net, layer, accelerator, level);
  });
  refuseUnused(net, 'placement > host', patterns);
  refuseUnused(
    net,
    'precision > layers',
    levels.map((l) => l.rule),
  );
  return placements;
}
