import { describe, expect, it } from 'vitest';
import type { Shape } from '../../orchestrator/blob/index.ts';
import { runLayer } from './run.ts';

const image: Shape = [1, 3, 8, 8];
const conv = (settings: string) => `type: "Convolution" convolution_param { ${settings} }`;
const pool = (settings: string) => `type: "Pooling" pooling_param { ${settings} }`;

/** Layer text, bottoms, and what the message must say. */
const cases: [string, Shape[], RegExp][] = [
  [conv('num_output: 4'), [image], /kernel_size is given 0 times.*once per spatial axis/],
  [conv('num_output: 4 kernel_size: 0'), [image], /kernel_size is 0/],
  [conv('num_output: 4 kernel_size: 3 kernel_h: 3 kernel_w: 3'), [image], /not both/],
  [conv('num_output: 4 kernel_h: 3'), [image], /kernel_size is 0/],
  [conv('num_output: 4 kernel_size: 11'), [image], /extent 11 does not fit/],
  [conv('num_output: 4 kernel_size: 3 dilation: 6'), [image], /extent 13/],
  [conv('kernel_size: 3'), [image], /num_output is 0/],
  [conv('num_output: 4294967295 kernel_size: 3'), [image], /num_output is 4294967295/],
  [conv('num_output: 4 kernel_size: 3 stride: 0'), [image], /stride is 0/],
  [conv('num_output: 4 kernel_size: 3 group: 0'), [image], /group 0/],
  [conv('num_output: 4 kernel_size: 3 group: 2'), [image], /group 2 does not divide the 3 channels/],
  [conv('num_output: 4 kernel_size: 3 group: 3'), [image], /group 3 does not divide num_output 4/],
  [conv('num_output: 4 kernel_size: 3 axis: 4'), [image], /axis 4 out of range/],
  [`top: "t" top: "u" ${conv('num_output: 4 kernel_size: 3')}`, [image, [1, 3, 9, 9]], /bottom\[1\].*1 3 9 9/],
  ['type: "Deconvolution" convolution_param { num_output: 1 kernel_size: 1 pad: 6 }', [image], /output -4/],
  [pool(''), [image], /no unambiguous kernel/],
  [pool('kernel_h: 2'), [image], /no unambiguous kernel/],
  [pool('kernel_size: 2 stride: 0'), [image], /stride of 0/],
  [pool('kernel_size: 2 pad: 2'), [image], /pad of 2.*less than the kernel 2/],
  [pool('kernel_size: 2'), [[1, 3]], /4 axes/],
  [pool('pool: STOCHASTIC kernel_size: 3 pad: 1'), [image], /stochastic pooling with padding/],
  [pool('global_pooling: true kernel_size: 2'), [image], /global_pooling with a kernel/],
  [`top: "t" top: "m" ${pool('pool: AVE kernel_size: 2')}`, [image], /mask/],
  ['type: "LRN" lrn_param { local_size: 4 }', [image], /local_size is 4/],
  ['type: "InnerProduct" inner_product_param { num_output: 2 axis: 4 }', [image], /axis 4 out of range/],
  ['type: "InnerProduct"', [image], /num_output is 0/],
  ['type: "Scale" scale_param { axis: 4 }', [image], /axis 4 out of range/],
  ['type: "Bias" bias_param { axis: 1 }', [image, [3, 7]], /bottom\[1\] has the shape 3 7/],
  ['type: "PReLU"', [[4]], /at least 2 axes/],
  ['type: "Embed" embed_param { num_output: 2 }', [[4]], /input_dim is 0/],
  ['type: "Crop" crop_param { axis: 2 }', [image, [1, 3, 9, 8]], /axis 2 .* cannot be cropped/],
  [
    'type: "Crop" crop_param { axis: 2 offset: 1 offset: 1 offset: 1 }',
    [image, [1, 3, 4, 4]],
    /offset is given 3 times/,
  ],
  ['type: "Softmax" softmax_param { axis: 2 }', [[2, 3]], /axis 2 out of range/],
  ['type: "Dropout" dropout_param { dropout_ratio: 1 }', [image], /dropout_ratio is 1/],
  ['type: "SPP" spp_param { pyramid_height: 6 }', [image], /pyramid_height 6/],
];

describe('what Caffe refuses is refused in words', () => {
  it.each(cases)('%s', (text, shapes, message) => {
    expect(() => runLayer(text, shapes)).toThrow(message);
  });
});

describe('what Caffe accepts is accepted', () => {
  it.each([
    [conv('num_output: 4 kernel_size: 3 kernel_size: 1'), [1, 3, 8, 8], [1, 4, 6, 8]],
    [conv('num_output: 4 kernel_size: 3 stride: 100'), [1, 3, 8, 8], [1, 4, 1, 1]],
    [conv('num_output: 4 kernel_size: 3 pad: 1'), [1, 3, 8, 8, 8], [1, 4, 8, 8, 8]],
    [conv('num_output: 4 kernel_size: 1'), [2, 3], [2, 4]],
    [conv('num_output: 4 kernel_size: 3 axis: -3'), [1, 3, 8, 8], [1, 4, 6, 6]],
    [pool('kernel_size: 9 stride: 2'), [1, 3, 8, 8], [1, 3, 1, 1]],
    ['type: "BatchNorm"', [7], [7]],
  ])('%s on %s', (text, shape, top) => {
    expect(runLayer(text, [shape]).topShape).toEqual(top);
  });
});
