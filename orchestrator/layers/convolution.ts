import type { LayerType } from './layer.ts';
import { weightedLayer } from './weighted.ts';

/** Convolution: groups, dilation, rectangular kernels, any number of spatial axes. bottom [N, C, …] → top [N, num_output, …]. */
export const convolutionLayer: LayerType = {
  type: 'Convolution',
  bottoms: { min: 1, max: Number.MAX_SAFE_INTEGER },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  equalBottomsAndTops: true,
  layouts: 'nchw',
  backwardReads: { bottoms: true, tops: false },
  create: (param) => weightedLayer(param, false),
};
