import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { crossEntropyBackward, crossEntropyForward } from '../math/losses.ts';
import { type LayerParameter, LossParameter_NormalizationMode as Mode } from '../proto/index.ts';
import { countBetween, shapeText } from './axes.ts';
import { checkFirstAxis } from './labels.ts';
import type { Layer, LayerType } from './layer.ts';
import { ignoredLabel, normalizationOf, normalizer } from './normalization.ts';

class SigmoidCrossEntropyLoss implements Layer {
  readonly params = [];
  private readonly mode: Mode;
  private readonly ignore: number | undefined;
  private divisor = 1;

  constructor(param: LayerParameter) {
    this.mode = normalizationOf(param, Mode.BATCH_SIZE);
    this.ignore = ignoredLabel(param);
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    checkFirstAxis(bottoms);
    const [scores, targets] = bottoms;
    if (countBetween(scores!, 0) === countBetween(targets!, 0)) return [[]];
    throw inputError({
      message: `bottom 0 is ${shapeText(scores!)}, bottom 1 is ${shapeText(targets!)}`,
      path: 'bottom[1]',
      expected: 'one target for each score',
      code: 'loss-shape',
    });
  }

  forward([scores, targets]: readonly Blob[], [top]: readonly Blob[]): void {
    const outer = scores!.shape[0]!;
    const { sum, counted } = crossEntropyForward(scores!.count, this.ignore, scores!.data, targets!.data);
    this.divisor = normalizer(this.mode, outer, countBetween(scores!.shape, 1), counted);
    top!.data[0] = sum / this.divisor;
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [scores, targets]: readonly Blob[]): void {
    if (!wanted) return;
    const scale = top!.diff[0]! / this.divisor;
    crossEntropyBackward(scores!.count, this.ignore, scale, scores!.data, targets!.data, scores!.diff);
  }
}

/** Cross entropy of independent sigmoids against targets in [0, 1]; divided by the batch size unless told otherwise. */
export const sigmoidCrossEntropyLossLayer: LayerType = {
  type: 'SigmoidCrossEntropyLoss',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  isLoss: true,
  autoTops: true,
  noGradientBottoms: [1],
  backwardReads: { bottoms: true, tops: false },
  create: (param) => new SigmoidCrossEntropyLoss(param),
};
