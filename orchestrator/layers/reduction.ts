import type { Blob, Shape } from '../blob/index.ts';
import { REDUCTION, reduceBackward, reduceForward } from '../math/reduction.ts';
import { create, ReductionParameter_ReductionOp as Op, type ReductionParameter } from '../proto/index.ts';
import { canonicalAxis, countBetween } from './axes.ts';
import type { Layer, LayerType } from './layer.ts';

class Reduction implements Layer {
  readonly params = [];
  private readonly settings: ReductionParameter;
  private rows = 1;
  private length = 1;

  constructor(settings: ReductionParameter) {
    this.settings = settings;
  }

  reshape([bottom]: readonly Shape[]): Shape[] {
    const axis = canonicalAxis(this.settings.axis, bottom!, 'reduction_param > axis');
    this.rows = countBetween(bottom!, 0, axis);
    this.length = countBetween(bottom!, axis);
    return [bottom!.slice(0, axis)];
  }

  private get operation(): { code: number; coefficient: number } {
    const { operation, coeff } = this.settings;
    if (operation === Op.MEAN) return { code: REDUCTION.SUM, coefficient: coeff / this.length };
    return { code: operation, coefficient: coeff };
  }

  forward([bottom]: readonly Blob[], [top]: readonly Blob[]): void {
    const { code, coefficient } = this.operation;
    reduceForward(code, this.rows, this.length, coefficient, bottom!.data, top!.data);
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [bottom]: readonly Blob[]): void {
    const { code, coefficient } = this.operation;
    if (wanted) reduceBackward(code, this.rows, this.length, coefficient, bottom!.data, top!.diff, bottom!.diff);
  }
}

/** All axes from `axis` on become one number: sum, sum of magnitudes or squares, or mean, times a coefficient. */
export const reductionLayer: LayerType = {
  type: 'Reduction',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  backwardReads: { bottoms: true, tops: false },
  create: (param) => new Reduction(param.reduction_param ?? create('ReductionParameter')),
};
