import type { LayerType } from '../layers/index.ts';

/** What the analysis reads of a layer, and writes. */
export interface BackwardLayer {
  readonly type: LayerType;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly lossWeights: readonly number[];
  /** The text's propagate_down; empty where it gives none. */
  readonly asked: readonly boolean[];
  /** The layer has a backward pass at all. */
  readonly hasBackward: boolean;
  paramPropagate: boolean[];
  propagateDown: boolean[];
  needBackward: boolean;
}

/**
 * Decides which layers and bottoms backward visits: those between a learnable parameter and a loss. Forward sweep: a blob
 * wants a gradient if something it depends on is learned. Backward sweep: only what contributes to a loss keeps it.
 * `propagate_down` overrides the first; `force_backward` asks for every bottom under a loss that may have a gradient
 * (Caffe also visits layers that reach no loss, where the gradient is zero).
 */
export function analyseBackward(layers: readonly BackwardLayer[], forceBackward: boolean): void {
  const wanted = new Map<string, boolean>();
  for (const layer of layers) {
    layer.propagateDown = layer.bottoms.map((b, i) => layer.asked[i] ?? wanted.get(b) ?? false);
    layer.needBackward = layer.bottoms.some((b) => wanted.get(b)) || layer.paramPropagate.some(Boolean);
    if (layer.needBackward) for (const top of layer.tops) wanted.set(top, true);
    else for (const top of layer.tops) if (!wanted.has(top)) wanted.set(top, false);
  }
  const underLoss = new Set<string>();
  const reached = new Set<BackwardLayer>();
  const skipped = new Set<string>();
  for (const layer of layers.toReversed()) {
    let contributes = false;
    let skip = true;
    layer.tops.forEach((top, i) => {
      if (contributes && !skip) return;
      if (layer.lossWeights[i] !== 0 || underLoss.has(top)) contributes = true;
      if (!skipped.has(top)) skip = false;
    });
    if (layer.needBackward && skip) {
      layer.needBackward = false;
      layer.propagateDown.fill(false);
    }
    if (contributes) reached.add(layer);
    else layer.needBackward = false;
    layer.bottoms.forEach((bottom, i) => {
      if (contributes) underLoss.add(bottom);
      else layer.propagateDown[i] = false;
      if (!layer.propagateDown[i]) skipped.add(bottom);
    });
  }
  if (!forceBackward) return;
  for (const layer of reached) {
    if (!layer.hasBackward || layer.type.isSource) continue;
    layer.needBackward = true;
    layer.propagateDown = layer.propagateDown.map((down, i) => down || !layer.type.noGradientBottoms?.includes(i));
    layer.paramPropagate.fill(true);
  }
}
