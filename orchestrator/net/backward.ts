import type { LayerType } from '../layers/index.ts';

/** What the analysis notes of a blob. */
export interface BackwardBlob {
  /** Something it depends on is learned. */
  wanted: boolean;
  /** A loss depends on it. */
  underLoss: boolean;
  /** Some layer gives it no gradient. */
  skipped: boolean;
}

/** What the analysis reads of a layer, and writes. */
export interface BackwardLayer {
  readonly type: LayerType;
  readonly bottomBlobs: readonly BackwardBlob[];
  readonly topBlobs: readonly BackwardBlob[];
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
  for (const layer of layers) {
    layer.propagateDown = layer.bottomBlobs.map((blob, i) => layer.asked[i] ?? blob.wanted);
    layer.needBackward = layer.bottomBlobs.some((blob) => blob.wanted) || layer.paramPropagate.includes(true);
    if (layer.needBackward) for (const top of layer.topBlobs) top.wanted = true;
  }
  for (let at = layers.length - 1; at >= 0; at--) {
    const layer = layers[at]!;
    const contributes = sweepBack(layer);
    if (!forceBackward || !contributes || !layer.hasBackward || layer.type.isSource) continue;
    layer.needBackward = true;
    layer.propagateDown = layer.propagateDown.map((down, i) => down || !layer.type.noGradientBottoms?.includes(i));
    layer.paramPropagate.fill(true);
  }
}

/** One layer of the backward sweep, after those behind it; whether a loss depends on the layer. */
function sweepBack(layer: BackwardLayer): boolean {
  let contributes = false;
  let skip = true;
  layer.topBlobs.forEach((top, i) => {
    if (contributes && !skip) return;
    if (layer.lossWeights[i] !== 0 || top.underLoss) contributes = true;
    if (!top.skipped) skip = false;
  });
  if (layer.needBackward && skip) {
    layer.needBackward = false;
    layer.propagateDown.fill(false);
  }
  if (!contributes) layer.needBackward = false;
  layer.bottomBlobs.forEach((bottom, i) => {
    if (contributes) bottom.underLoss = true;
    else layer.propagateDown[i] = false;
    if (!layer.propagateDown[i]) bottom.skipped = true;
  });
  return contributes;
}
