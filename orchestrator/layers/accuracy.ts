import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { countRight } from '../math/reduction.ts';
import { type AccuracyParameter, create, isSet } from '../proto/index.ts';
import { canonicalAxis, countBetween } from './axes.ts';
import { badLabel, labelledExtent } from './labels.ts';
import type { Layer, LayerType } from './layer.ts';

class Accuracy implements Layer {
  readonly params = [];
  private readonly settings: AccuracyParameter;
  private readonly tops: number;
  private extent: readonly [number, number, number] = [1, 1, 1];

  constructor(settings: AccuracyParameter, tops: number) {
    this.settings = settings;
    this.tops = tops;
  }

  reshape([scores, labels]: readonly Shape[]): Shape[] {
    const { top_k: k } = this.settings;
    const perLabel = countBetween(scores!, 0) / countBetween(labels!, 0);
    if (k < 1 || k > perLabel) {
      throw inputError({
        message: `top_k ${k} of ${perLabel} classes`,
        path: 'accuracy_param > top_k',
        expected: `1 to ${Math.floor(perLabel)}`,
        code: 'top-k',
      });
    }
    const axis = canonicalAxis(this.settings.axis, scores!, 'accuracy_param > axis');
    this.extent = labelledExtent(scores!, labels!, axis);
    return this.tops > 1 ? [[], [this.extent[1]]] : [[]];
  }

  forward([scores, labels]: readonly Blob[], [top, classTop]: readonly Blob[]): void {
    const classes = this.extent[1];
    const ignore = isSet(this.settings, 'ignore_label') ? this.settings.ignore_label : undefined;
    const perClass = classTop ? new Float64Array(2 * classes) : null;
    const counts = countRight(this.extent, this.settings.top_k, ignore, scores!.data, labels!.data, perClass);
    if (counts.badLabel >= 0) throw badLabel(labels!, counts.badLabel, classes);
    top!.data[0] = counts.counted === 0 ? 0 : counts.right / counts.counted;
    if (!classTop || !perClass) return;
    for (let c = 0; c < classes; c++) {
      const counted = perClass[classes + c]!;
      classTop.data[c] = counted === 0 ? 0 : perClass[c]! / counted;
    }
  }
}

/** Share of labels whose score is among the top_k; a second top gives it for each class. No gradient. */
export const accuracyLayer: LayerType = {
  type: 'Accuracy',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 2 },
  layouts: 'nchw',
  noGradientBottoms: [0, 1],
  create: (param) => new Accuracy(param.accuracy_param ?? create('AccuracyParameter'), param.top.length),
};
