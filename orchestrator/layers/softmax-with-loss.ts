import type { Blob, Shape } from '../blob/index.ts';
import { type Extent, softmaxLossBackward, softmaxLossForward } from '../math/losses.ts';
import { softmaxForward } from '../math/normalize.ts';
import { type LayerParameter, LossParameter_NormalizationMode as Mode } from '../proto/index.ts';
import { canonicalAxis } from './axes.ts';
import { badLabel, checkFirstAxis, labelledExtent } from './labels.ts';
import type { Layer, LayerType } from './layer.ts';
import { ignoredLabel, normalizationOf, normalizer } from './normalization.ts';

class SoftmaxWithLoss implements Layer {
  readonly params = [];
  private readonly axis: number;
  private readonly mode: Mode;
  private readonly ignore: number | undefined;
  private readonly tops: number;
  private extent: Extent = [1, 1, 1];
  private probability = new Float32Array(0);
  private divisor = 1;

  constructor(param: LayerParameter) {
    this.axis = param.softmax_param?.axis ?? 1;
    this.mode = normalizationOf(param, Mode.VALID);
    this.ignore = ignoredLabel(param);
    this.tops = param.top.length;
  }

  privateBytes(): number {
    return this.probability.byteLength;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    checkFirstAxis(bottoms);
    const axis = canonicalAxis(this.axis, bottoms[0]!, 'softmax_param > axis');
    this.extent = labelledExtent(bottoms[0]!, bottoms[1]!, axis);
    return this.tops > 1 ? [[], bottoms[0]!] : [[]];
  }

  forward([scores, labels]: readonly Blob[], [top, second]: readonly Blob[]): void {
    const [outer, classes, inner] = this.extent;
    if (this.probability.length !== scores!.count) this.probability = new Float32Array(scores!.count);
    softmaxForward(scores!.data, this.probability, outer, classes, inner);
    const {
      sum,
      counted,
      badLabel: bad,
    } = softmaxLossForward(this.extent, this.ignore, this.probability, labels!.data);
    if (bad >= 0) throw badLabel(labels!, bad, classes);
    this.divisor = normalizer(this.mode, outer, inner, counted);
    top!.data[0] = sum / this.divisor;
    second?.data.set(this.probability);
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [scores, labels]: readonly Blob[]): void {
    if (!wanted) return;
    const scale = top!.diff[0]! / this.divisor;
    softmaxLossBackward(this.extent, this.ignore, scale, this.probability, labels!.data, scores!.diff);
  }
}

/** Multinomial logistic loss of the softmax of the scores. Bottoms: scores, labels. A second top receives the probabilities. */
export const softmaxWithLossLayer: LayerType = {
  type: 'SoftmaxWithLoss',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 2 },
  layouts: 'nchw',
  isLoss: true,
  autoTops: true,
  noGradientBottoms: [1],
  backwardReads: { bottoms: true, tops: false },
  plannedBytes: (_, { bottoms }) => 4 * bottoms[0]!.stored,
  create: (param) => new SoftmaxWithLoss(param),
};
