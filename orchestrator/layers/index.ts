import type { LayerType } from './layer.ts';

export * from './layer.ts';

/** Every layer type this program knows, in the order of the documentation. A new type: one file and one line here. */
const list: readonly LayerType[] = [
  // weights: convolutions and products
  // pooling and normalisation
  // neuron-wise
  // shape
];

export const layerTypes: ReadonlyMap<string, LayerType> = new Map(list.map((entry) => [entry.type, entry]));
