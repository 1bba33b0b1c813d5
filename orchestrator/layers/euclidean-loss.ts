import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { scaledDifference, squaredDistance } from '../math/distances.ts';
import { countBetween, shapeText } from './axes.ts';
import { checkFirstAxis } from './labels.ts';
import type { Layer, LayerType } from './layer.ts';

class EuclideanLoss implements Layer {
  readonly params = [];

  reshape(bottoms: readonly Shape[]): Shape[] {
    checkFirstAxis(bottoms);
    const [a, b] = bottoms;
    if (countBetween(a!, 1) === countBetween(b!, 1)) return [[]];
    throw inputError({
      message: `bottom 0 is ${shapeText(a!)}, bottom 1 is ${shapeText(b!)}`,
      path: 'bottom[1]',
      expected: 'as many values for each item',
      code: 'loss-shape',
    });
  }

  forward([a, b]: readonly Blob[], [top]: readonly Blob[]): void {
    top!.data[0] = squaredDistance(a!.count, a!.data, b!.data) / a!.shape[0]! / 2;
  }

  backward([top]: readonly Blob[], wanted: readonly boolean[], [a, b]: readonly Blob[]): void {
    const scale = top!.diff[0]! / a!.shape[0]!;
    if (wanted[0]) scaledDifference(a!.count, scale, a!.data, b!.data, a!.diff);
    if (wanted[1]) scaledDifference(a!.count, -scale, a!.data, b!.data, b!.diff);
  }
}

/** Half the mean over items of the squared distance. Both bottoms have a gradient. */
export const euclideanLossLayer: LayerType = {
  type: 'EuclideanLoss',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  isLoss: true,
  autoTops: true,
  backwardReads: { bottoms: true, tops: false },
  create: () => new EuclideanLoss(),
};
