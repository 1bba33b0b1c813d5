import { LRNParameter_NormRegion } from '../../proto/index.ts';
import { affine, batchNorm, prelu } from './affine.ts';
import { type Flow, type FlowRule, pass, stay } from './flow.ts';
import { concat, eltwise, slice } from './join.ts';
import { crop, flatten, reshape, within } from './shape.ts';
import { convolution, deconvolution, innerProduct } from './weights.ts';

export type { Flow, FlowRule, Recorder } from './flow.ts';

/** Sums over neighbours: those that stay become neighbours. The one rule here under which slicing is not masking. */
const lrn: FlowRule = (flow) => {
  const across = flow.layer.param.lrn_param?.norm_region !== LRNParameter_NormRegion.WITHIN_CHANNEL;
  if (across) flow.record.note(flow.layer, 'normalises over the neighbours that stay');
  return pass(flow);
};

const mvn: FlowRule = (flow) =>
  flow.layer.param.mvn_param?.across_channels ? stay(flow, 'takes its mean over channels') : pass(flow);

/** The selector of a Filter, the indices of a BatchReindex: no channels. */
const firstOnly: FlowRule = (flow) => flow.topShapes.map((_, i) => flow.bottoms[i]);

/** How channels run through each layer type. A type that is not here keeps all channels it touches. */
const rules: ReadonlyMap<string, FlowRule> = new Map<string, FlowRule>([
  ['Convolution', convolution],
  ['Deconvolution', deconvolution],
  ['InnerProduct', innerProduct],
  ['BatchNorm', batchNorm],
  ['Scale', affine],
  ['Bias', affine],
  ['PReLU', prelu],
  ['Concat', concat],
  ['Slice', slice],
  ['Eltwise', eltwise],
  ['Flatten', flatten],
  ['Reshape', reshape],
  ['Crop', crop],
  ['LRN', lrn],
  ['MVN', mvn],
  ['Reduction', within((p) => p.reduction_param?.axis ?? 0, 'sums over channels')],
  ['Tile', within((p) => p.tile_param?.axis ?? 1, 'repeats channels')],
  ['Softmax', within((p) => p.softmax_param?.axis ?? 1, 'divides by a sum over channels')],
  ['Filter', firstOnly],
  ['BatchReindex', firstOnly],
  ['Silence', () => []],
  ...[
    ...['ReLU', 'Sigmoid', 'TanH', 'AbsVal', 'BNLL', 'Clip', 'ELU', 'Exp', 'Log', 'Power', 'Swish', 'Threshold'],
    ...['Dropout', 'Pooling', 'Split'],
  ].map((type): [string, FlowRule] => [type, pass]),
]);

/** Channels of a layer's tops. */
export function flowThrough(flow: Flow): readonly (Int32Array | undefined)[] {
  const { type } = flow.layer;
  if (type.isSource) return stay(flow, 'is data');
  const rule = rules.get(type.type);
  return rule ? rule(flow) : stay(flow, type.isLoss ? 'is a loss' : 'reads them');
}
