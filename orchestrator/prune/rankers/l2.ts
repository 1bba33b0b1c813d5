import { filtersOf } from '../filters.ts';
import type { Ranker } from './ranker.ts';

/** Root of the mean square of a filter's weights. */
export const l2: Ranker = {
  name: 'l2',
  needsGradients: false,
  score(producer, { graph, weights }) {
    const { count, length, values } = filtersOf(graph, producer, weights);
    return Float64Array.from({ length: count }, (_, f) => {
      let sum = 0;
      for (let i = f * length; i < (f + 1) * length; i++) sum += values[i]! * values[i]!;
      return Math.sqrt(sum / length);
    });
  },
};
