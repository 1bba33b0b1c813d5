import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { contrastiveBackward, contrastiveForward, type Pairs } from '../math/distances.ts';
import { type ContrastiveLossParameter, create } from '../proto/index.ts';
import { countBetween, shapeText } from './axes.ts';
import { checkFirstAxis } from './labels.ts';
import type { Layer, LayerType } from './layer.ts';

class ContrastiveLoss implements Layer {
  readonly params = [];
  private readonly settings: ContrastiveLossParameter;
  private distance = new Float32Array(0);

  constructor(settings: ContrastiveLossParameter) {
    this.settings = settings;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    checkFirstAxis(bottoms);
    const [a, b, similar] = bottoms;
    const flat = (shape: Shape) => shape.length <= 4 && countBetween(shape, 2) === 1;
    const wrong =
      (a![1] ?? 1) !== (b![1] ?? 1) || !flat(a!) || !flat(b!)
        ? 1
        : similar![0] !== a![0] || countBetween(similar!, 1) !== 1
          ? 2
          : 0;
    if (wrong === 0) return [[]];
    throw inputError({
      message: `bottoms are ${bottoms.map(shapeText).join(', ')}`,
      path: `bottom[${wrong}]`,
      expected: 'two blobs of vectors [N, C] (or [N, C, 1, 1]) of one size, and one number for each pair',
      code: 'loss-shape',
    });
  }

  private pairs([a, b, similar]: readonly Blob[]): Pairs {
    const rows = a!.shape[0]!;
    const { margin, legacy_version: legacy } = this.settings;
    return {
      rows,
      length: countBetween(a!.shape, 1),
      margin,
      legacy,
      a: a!.data,
      b: b!.data,
      similar: similar!.data,
      distance: this.distance,
    };
  }

  forward(bottoms: readonly Blob[], [top]: readonly Blob[]): void {
    const rows = bottoms[0]!.shape[0]!;
    if (this.distance.length !== rows) this.distance = new Float32Array(rows);
    top!.data[0] = contrastiveForward(this.pairs(bottoms)) / rows / 2;
  }

  backward([top]: readonly Blob[], wanted: readonly boolean[], bottoms: readonly Blob[]): void {
    const pairs = this.pairs(bottoms);
    const scale = top!.diff[0]! / pairs.rows;
    if (wanted[0]) contrastiveBackward(pairs, scale, bottoms[0]!.diff);
    if (wanted[1]) contrastiveBackward(pairs, -scale, bottoms[1]!.diff);
  }
}

/** Pulls similar pairs together and pushes others `margin` apart. Hadsell, Chopra, LeCun, CVPR 2006. */
export const contrastiveLossLayer: LayerType = {
  type: 'ContrastiveLoss',
  bottoms: { min: 3, max: 3 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  isLoss: true,
  autoTops: true,
  noGradientBottoms: [2],
  backwardReads: { bottoms: true, tops: false },
  create: (param) => new ContrastiveLoss(param.contrastive_loss_param ?? create('ContrastiveLossParameter')),
};
