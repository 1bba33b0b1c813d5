import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { multinomialBackward, multinomialForward } from '../math/losses.ts';
import { countBetween, shapeText } from './axes.ts';
import { badLabel, checkFirstAxis } from './labels.ts';
import type { Layer, LayerType } from './layer.ts';

class MultinomialLogisticLoss implements Layer {
  readonly params = [];

  reshape(bottoms: readonly Shape[]): Shape[] {
    checkFirstAxis(bottoms);
    if (countBetween(bottoms[1]!, 1) === 1) return [[]];
    throw inputError({
      message: `bottom 1 is ${shapeText(bottoms[1]!)}`,
      path: 'bottom[1]',
      expected: 'one label for each item',
      code: 'label-count',
    });
  }

  forward([probability, labels]: readonly Blob[], [top]: readonly Blob[]): void {
    const rows = probability!.shape[0]!;
    const classes = countBetween(probability!.shape, 1);
    const { sum, badLabel: bad } = multinomialForward(rows, classes, probability!.data, labels!.data);
    if (bad >= 0) throw badLabel(labels!, bad, classes);
    top!.data[0] = sum / rows;
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [probability, labels]: readonly Blob[]): void {
    if (!wanted) return;
    const rows = probability!.shape[0]!;
    const scale = top!.diff[0]! / rows;
    multinomialBackward(
      rows,
      countBetween(probability!.shape, 1),
      scale,
      probability!.data,
      labels!.data,
      probability!.diff,
    );
  }
}

/** Mean of -ln p(label), where bottom 0 already holds probabilities (held above 1e-20). */
export const multinomialLogisticLossLayer: LayerType = {
  type: 'MultinomialLogisticLoss',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  isLoss: true,
  autoTops: true,
  noGradientBottoms: [1],
  backwardReads: { bottoms: true, tops: false },
  create: () => new MultinomialLogisticLoss(),
};
