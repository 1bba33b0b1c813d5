import type { Net } from './net.ts';

/**
 * Layers whose shapes are known only while the net runs, with the layer that decides them: all that follow a layer whose
 * number of rows depends on values (Filter). Caffe reshapes every layer before each forward pass.
 */
export function resizedLayers(net: Pick<Net, 'layers'>): Map<number, string> {
  const resized = new Map<number, string>();
  const blobs = new Map<string, string>();
  for (const layer of net.layers) {
    const by = layer.bottoms.map((id) => blobs.get(id)).find((name) => name !== undefined);
    if (by !== undefined) resized.set(layer.index, by);
    const decides = layer.type.resizesTops ? layer.name : by;
    if (decides !== undefined) for (const id of layer.tops) blobs.set(id, decides);
  }
  return resized;
}
