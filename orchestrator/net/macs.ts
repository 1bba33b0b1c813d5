import { elementCount, type Shape } from '../blob/index.ts';

/**
 * Multiply-accumulates of one forward pass of the whole batch, bias left out. Convolution: every output element takes
 * one product per weight of its filter; Deconvolution: every input element does; InnerProduct: every row meets every
 * weight. 0 for other types, also for recurrent ones. `outputs` is num_output.
 */
export function layerMacs(
  type: string,
  bottoms: readonly Shape[],
  tops: readonly Shape[],
  params: readonly Shape[],
  outputs: number,
): number {
  const weights = params[0];
  if (!weights) return 0;
  const filter = elementCount(weights.slice(1));
  const sum = (shapes: readonly Shape[]) => shapes.reduce((total, s) => total + elementCount(s), 0);
  switch (type) {
    case 'Convolution':
      return sum(tops) * filter;
    case 'Deconvolution':
      return sum(bottoms) * filter;
    case 'InnerProduct':
      return tops[0] && outputs > 0 ? (elementCount(tops[0]) / outputs) * elementCount(weights) : 0;
    default:
      return 0;
  }
}
