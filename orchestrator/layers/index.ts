import { absvalLayer } from './absval.ts';
import { accuracyLayer } from './accuracy.ts';
import { argmaxLayer } from './argmax.ts';
import { batchNormLayer } from './batch-norm.ts';
import { batchReindexLayer } from './batch-reindex.ts';
import { biasLayer } from './bias.ts';
import { bnllLayer } from './bnll.ts';
import { clipLayer } from './clip.ts';
import { concatLayer } from './concat.ts';
import { contrastiveLossLayer } from './contrastive-loss.ts';
import { convolutionLayer } from './convolution.ts';
import { cropLayer } from './crop.ts';
import { dataLayer } from './data.ts';
import { deconvolutionLayer } from './deconvolution.ts';
import { dropoutLayer } from './dropout.ts';
import { dummyDataLayer } from './dummy-data.ts';
import { eltwiseLayer } from './eltwise.ts';
import { eluLayer } from './elu.ts';
import { embedLayer } from './embed.ts';
import { euclideanLossLayer } from './euclidean-loss.ts';
import { expLayer } from './exp.ts';
import { filterLayer } from './filter.ts';
import { flattenLayer } from './flatten.ts';
import { hdf5DataLayer } from './hdf5-data.ts';
import { hdf5OutputLayer } from './hdf5-output.ts';
import { hingeLossLayer } from './hinge-loss.ts';
import { im2colLayer } from './im2col.ts';
import { imageDataLayer } from './image-data.ts';
import { infogainLossLayer } from './infogain-loss.ts';
import { innerProductLayer } from './inner-product.ts';
import { inputLayer } from './input.ts';
import type { LayerType } from './layer.ts';
import { logLayer } from './log.ts';
import { lrnLayer } from './lrn.ts';
import { lstmLayer } from './lstm.ts';
import { lstmUnitLayer } from './lstm-unit.ts';
import { memoryDataLayer } from './memory-data.ts';
import { multinomialLogisticLossLayer } from './multinomial-logistic-loss.ts';
import { mvnLayer } from './mvn.ts';
import { parameterLayer } from './parameter.ts';
import { poolingLayer } from './pooling.ts';
import { powerLayer } from './power.ts';
import { preluLayer } from './prelu.ts';
import { reductionLayer } from './reduction.ts';
import { reluLayer } from './relu.ts';
import { reshapeLayer } from './reshape.ts';
import { rnnLayer } from './rnn.ts';
import { scaleLayer } from './scale.ts';
import { sigmoidLayer } from './sigmoid.ts';
import { sigmoidCrossEntropyLossLayer } from './sigmoid-cross-entropy-loss.ts';
import { silenceLayer } from './silence.ts';
import { sliceLayer } from './slice.ts';
import { softmaxLayer } from './softmax.ts';
import { softmaxWithLossLayer } from './softmax-with-loss.ts';
import { splitLayer } from './split.ts';
import { sppLayer } from './spp.ts';
import { swishLayer } from './swish.ts';
import { tanhLayer } from './tanh.ts';
import { thresholdLayer } from './threshold.ts';
import { tileLayer } from './tile.ts';
import { windowDataLayer } from './window-data.ts';

export { checkFiller, fillBlob } from './fillers.ts';
export * from './layer.ts';
export type { MemoryData } from './memory-data.ts';
export { decodeSliding, type Sliding } from './spatial.ts';

/** Every layer type this program knows, in the order of the documentation. A new type: one file and one line here. */
const list: readonly LayerType[] = [
  // weights: convolutions and products
  convolutionLayer,
  deconvolutionLayer,
  im2colLayer,
  innerProductLayer,
  embedLayer,
  // pooling and normalisation
  poolingLayer,
  sppLayer,
  lrnLayer,
  batchNormLayer,
  scaleLayer,
  biasLayer,
  mvnLayer,
  softmaxLayer,
  // neuron-wise
  absvalLayer,
  bnllLayer,
  clipLayer,
  eluLayer,
  expLayer,
  logLayer,
  powerLayer,
  sigmoidLayer,
  swishLayer,
  tanhLayer,
  thresholdLayer,
  reluLayer,
  preluLayer,
  dropoutLayer,
  // shape
  batchReindexLayer,
  concatLayer,
  eltwiseLayer,
  filterLayer,
  flattenLayer,
  reductionLayer,
  reshapeLayer,
  silenceLayer,
  sliceLayer,
  splitLayer,
  tileLayer,
  cropLayer,
  // losses and measures
  accuracyLayer,
  argmaxLayer,
  contrastiveLossLayer,
  euclideanLossLayer,
  hingeLossLayer,
  infogainLossLayer,
  multinomialLogisticLossLayer,
  sigmoidCrossEntropyLossLayer,
  softmaxWithLossLayer,
  // sources
  dataLayer,
  hdf5DataLayer,
  imageDataLayer,
  memoryDataLayer,
  windowDataLayer,
  dummyDataLayer,
  inputLayer,
  parameterLayer,
  // sinks
  hdf5OutputLayer,
  // recurrent
  lstmLayer,
  lstmUnitLayer,
  rnnLayer,
];

export const layerTypes: ReadonlyMap<string, LayerType> = new Map(list.map((entry) => [entry.type, entry]));
