import { filtersOf } from '../filters.ts';
import type { Ranker } from './ranker.ts';

/** Sum of |w| over the filter divided by its length, so that layers of different fan-in compare (ADaPT, arXiv 2006.08554). Biases do not count. */
export const meanAbs: Ranker = {
  name: 'mean-abs',
  needsGradients: false,
  score(producer, { graph, weights }) {
    const { count, length, values } = filtersOf(graph, producer, weights);
    return Float64Array.from({ length: count }, (_, f) => {
      let sum = 0;
      for (let i = f * length; i < (f + 1) * length; i++) sum += Math.abs(values[i]!);
      return sum / length;
    });
  },
};
