import type { Blob, Shape } from '../blob/index.ts';
import { hingeBackward, hingeForward } from '../math/losses.ts';
import { create, type HingeLossParameter_Norm as Norm } from '../proto/index.ts';
import { countBetween } from './axes.ts';
import { badLabel, checkFirstAxis } from './labels.ts';
import type { Layer, LayerType } from './layer.ts';

class HingeLoss implements Layer {
  readonly params = [];
  private readonly norm: Norm;

  constructor(norm: Norm) {
    this.norm = norm;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    checkFirstAxis(bottoms);
    return [[]];
  }

  forward([scores, labels]: readonly Blob[], [top]: readonly Blob[]): void {
    const rows = scores!.shape[0]!;
    const classes = countBetween(scores!.shape, 1);
    const { sum, badLabel: bad } = hingeForward(rows, classes, this.norm, scores!.data, labels!.data);
    if (bad >= 0) throw badLabel(labels!, bad, classes);
    top!.data[0] = sum / rows;
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [scores, labels]: readonly Blob[]): void {
    if (!wanted) return;
    const rows = scores!.shape[0]!;
    const scale = top!.diff[0]! / rows;
    hingeBackward(rows, countBetween(scores!.shape, 1), this.norm, scale, scores!.data, labels!.data, scores!.diff);
  }
}

/** One against all: max(0, 1 - t·x) with t = 1 for the label and -1 elsewhere, its sum (L1) or sum of squares (L2), a mean over items. */
export const hingeLossLayer: LayerType = {
  type: 'HingeLoss',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  isLoss: true,
  autoTops: true,
  noGradientBottoms: [1],
  backwardReads: { bottoms: true, tops: false },
  create: (param) => new HingeLoss((param.hinge_loss_param ?? create('HingeLossParameter')).norm),
};
