import { inputError, nearest } from '../core/index.ts';
import { type Net, type NetLayer, resizedLayers } from '../net/index.ts';
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
  accepts(net: Net, layer: NetLayer): Acceptance;
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

/** Every layer's place. A rule that matches nothing is a mistake of the user and refused. */
export function place(net: Net, accelerator: Accelerator | undefined, rules: PlacementRules = {}): Placement[] {
  const patterns = (rules.host ?? []).map((text) => ({ text, expression: globToExpression(text), used: false }));
  const resized = resizedLayers(net);
  const placements = net.layers.map((layer): Placement => {
    for (const pattern of patterns) {
      if (pattern.expression.test(layer.name) || pattern.expression.test(layer.type.type)) {
        pattern.used = true;
        return { layer: layer.index, place: 'host', reason: `placement.host names '${pattern.text}'` };
      }
    }
    if (!accelerator) return { layer: layer.index, place: 'host', reason: 'no accelerator' };
    const by = resized.get(layer.index);
    if (by !== undefined) {
      const reason = `how many rows it gets is decided by '${by}' while the net runs; a launch is planned for one shape`;
      return { layer: layer.index, place: 'host', reason };
    }
    const answer = accelerator.accepts(net, layer);
    return { layer: layer.index, place: answer.accepted ? 'fpga' : 'host', reason: answer.reason };
  });
  const unused = patterns.find((p) => !p.used);
  if (unused) {
    const known = net.layers.flatMap((l) => [l.name, l.type.type]);
    const near = nearest(unused.text, known);
    throw inputError({
      path: 'placement > host',
      message: `'${unused.text}' matches no layer name or type of net '${net.name}'`,
      hint: near ? `did you mean '${near}'?` : `layers are ${net.layers.map((l) => l.name).join(', ')}`,
    });
  }
  return placements;
}
