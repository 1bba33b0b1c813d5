import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { biasForward, scaleBackwardParams } from '../math/affine.ts';
import {
  type ConvolutionGeometry,
  convolutionArguments,
  convolutionBackwardData,
  convolutionBackwardWeights,
  convolutionForward,
} from '../math/convolution.ts';
import type { Rows } from '../math/host.ts';
import { type ConvolutionParameter, create, type LayerParameter } from '../proto/index.ts';
import type { Layer, ParamSpec } from './layer.ts';
import { checkEqualBottoms, decodeSliding, slidingOutput } from './spatial.ts';

const refuse = (field: string, message: string, expected: string, code: string) =>
  inputError({ message, path: `convolution_param > ${field}`, expected, code });

/** What Convolution and Deconvolution share: geometry, weights and bias. A deconvolution is the transpose of the convolution from top to bottom. */
export interface Weighted {
  /** The convolution: for a deconvolution its images are the TOP's. */
  readonly geometry: ConvolutionGeometry;
  readonly top: Shape;
  readonly params: ParamSpec[];
}

/**
 * Decodes `convolution_param` for one bottom shape. Weights are [outputs, channels / group, kernel…] as Caffe stores them,
 * with bottom and top exchanged for a deconvolution. Throws input errors that name the field.
 */
export function decodeWeighted(param: LayerParameter, bottom: Shape, transposed: boolean): Weighted {
  const p: ConvolutionParameter = param.convolution_param ?? create('ConvolutionParameter');
  const s = decodeSliding(p, bottom);
  const { num_output: outputs, group } = p;
  if (outputs < 1 || outputs >= 2 ** 31)
    throw refuse('num_output', `num_output is ${outputs}`, 'at least 1', 'num-output');
  if (group < 1 || s.channels % group !== 0) {
    throw refuse(
      'group',
      `group ${group} does not divide the ${s.channels} channels`,
      'a divisor of the channels',
      'group',
    );
  }
  if (outputs % group !== 0) {
    throw refuse('group', `group ${group} does not divide num_output ${outputs}`, 'a divisor of num_output', 'group');
  }
  const out = slidingOutput(s, transposed);
  const [imageChannels, filters] = transposed ? [outputs, s.channels] : [s.channels, outputs];
  const weights = [filters, imageChannels / group, ...s.kernel];
  const params: ParamSpec[] = [{ name: 'weight', shape: weights, filler: p.weight_filler ?? undefined }];
  if (p.bias_term) params.push({ name: 'bias', shape: [outputs], filler: p.bias_filler ?? undefined });
  const { kernel, stride, pad, dilation, batch } = s;
  const ends = transposed ? { in: out, out: s.in } : { in: s.in, out };
  return {
    geometry: { batch, channels: imageChannels, outputs: filters, group, ...ends, kernel, stride, pad, dilation },
    top: [...bottom.slice(0, s.axis), outputs, ...out],
    params,
  };
}

/** The layer of either type; every bottom i goes to top i through the same weights. */
export function weightedLayer(param: LayerParameter, transposed: boolean): Layer {
  let weighted: Weighted | undefined;
  const params: ParamSpec[] = [];
  let packed: BigInt64Array | undefined;
  /** Packed at the first pass: a net that is only looked at has none. */
  const geometry = (): BigInt64Array => {
    packed ??= convolutionArguments(weighted!.geometry);
    return packed;
  };
  let rows: Rows = { outer: 0, size: 0, inner: 0, lanes: 1, batch: 0 };
  const forward = (x: Blob, y: Blob, w: Float32Array, bias: Float32Array | null) => {
    if (!transposed) return convolutionForward(x.data, w, bias, y.data, geometry());
    convolutionBackwardData(x.data, w, y.data, geometry());
    if (bias) biasForward(y.data, bias, y.data, rows);
  };
  return {
    params,
    reshape(bottoms) {
      checkEqualBottoms(bottoms);
      weighted = decodeWeighted(param, bottoms[0]!, transposed);
      params.splice(0, params.length, ...weighted.params);
      const g = weighted.geometry;
      packed = undefined;
      const inner = (transposed ? g.in : g.out).reduce((a, b) => a * b, 1);
      rows = { outer: g.batch, size: transposed ? g.channels : g.outputs, inner, lanes: 1, batch: g.batch };
      return bottoms.map(() => weighted!.top);
    },
    forward(bottoms, tops, params) {
      for (const [i, bottom] of bottoms.entries()) forward(bottom, tops[i]!, params[0]!.data, params[1]?.data ?? null);
    },
    backward(tops, propagate, bottoms, params, paramPropagate) {
      const [weight, bias] = params;
      for (const [i, top] of tops.entries()) {
        const bottom = bottoms[i]!;
        if (bias && paramPropagate[1]) scaleBackwardParams(top.diff, top.diff, null, bias.diff, rows);
        if (paramPropagate[0]) {
          const [images, gradients] = transposed ? [top.diff, bottom.data] : [bottom.data, top.diff];
          convolutionBackwardWeights(images, gradients, weight!.diff, geometry());
        }
        if (!propagate[i]) continue;
        if (transposed) convolutionForward(top.diff, weight!.data, null, bottom.diff, geometry());
        else convolutionBackwardData(top.diff, weight!.data, bottom.diff, geometry());
      }
    },
  };
}
