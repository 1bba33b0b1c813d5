import { type PublishedNet, publishedNets } from '../published/nets.ts';

/** The published nets that pruning is checked on: chains, residual nets, branches, depthwise convolutions, gates. */
export const netsToPrune = (corpus: string): PublishedNet[] =>
  publishedNets(corpus, [
    ...(['AlexNet', 'ResNet-20', 'ResNet-50', 'GoogLeNet', 'MobileNet', 'MobileNet-v2', 'SqueezeNet'] as const),
    ...(['SE-Inception', 'ResNet-18', 'DenseNet-121'] as const),
  ]);
