import type { LayerType } from './layer.ts';
import { weightedLayer } from './weighted.ts';

/** Transposed convolution: top size = stride · (size - 1) + dilation · (kernel - 1) + 1 - 2 · pad. */
export const deconvolutionLayer: LayerType = {
  type: 'Deconvolution',
  bottoms: { min: 1, max: Number.MAX_SAFE_INTEGER },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  equalBottomsAndTops: true,
  layouts: 'nchw',
  backwardReads: { bottoms: true, tops: false },
  create: (param) => weightedLayer(param, true),
};
