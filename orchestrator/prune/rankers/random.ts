import { RandomStream } from '../../core/index.ts';
import type { Ranker } from './ranker.ts';

/** Uniform draws, a stream for each layer: what any other ranker has to beat. */
export const random: Ranker = {
  name: 'random',
  needsGradients: false,
  score(producer, { seed }) {
    const draws = new RandomStream(seed, `prune/${producer.layer.name}`);
    return Float64Array.from({ length: producer.outputs.length }, () => draws.uniform());
  },
};
