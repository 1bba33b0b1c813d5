import { col2im, convolutionArguments, im2col } from '../math/convolution.ts';
import { create } from '../proto/index.ts';
import type { LayerType } from './layer.ts';
import { decodeSliding, slidingOutput } from './spatial.ts';

/** The patches under a sliding kernel as channels: [N, C, …] → [N, C · kernel size, …]. Debugging aid of Caffe's. */
export const im2colLayer: LayerType = {
  type: 'Im2col',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  backwardReads: { bottoms: false, tops: false },
  create(param) {
    const p = param.convolution_param ?? create('ConvolutionParameter');
    let packed: BigInt64Array = new BigInt64Array();
    return {
      params: [],
      reshape([bottom]) {
        const s = decodeSliding(p, bottom!);
        const out = slidingOutput(s);
        const patch = s.kernel.reduce((a, b) => a * b, 1);
        packed = convolutionArguments({ ...s, outputs: 1, group: 1, out });
        return [[...bottom!.slice(0, s.axis), s.channels * patch, ...out]];
      },
      forward([bottom], [top]) {
        im2col(bottom!.data, top!.data, packed);
      },
      backward([top], [wanted], [bottom]) {
        if (wanted) col2im(top!.diff, bottom!.diff, packed);
      },
    };
  },
};
