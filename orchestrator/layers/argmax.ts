import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { argmax } from '../math/reduction.ts';
import { type ArgMaxParameter, create, isSet } from '../proto/index.ts';
import { canonicalAxis, countBetween } from './axes.ts';
import type { Layer, LayerType } from './layer.ts';

class ArgMax implements Layer {
  readonly params = [];
  private readonly settings: ArgMaxParameter;
  /** Along one axis of the bottom; otherwise over all of an item. */
  private readonly hasAxis: boolean;
  private extent: readonly [number, number, number] = [1, 1, 1];

  constructor(settings: ArgMaxParameter) {
    this.settings = settings;
    this.hasAxis = isSet(settings, 'axis');
  }

  reshape([bottom]: readonly Shape[]): Shape[] {
    const { top_k: k, out_max_val: values } = this.settings;
    const axis = this.hasAxis ? canonicalAxis(this.settings.axis, bottom!, 'argmax_param > axis') : 1;
    const inner = this.hasAxis ? countBetween(bottom!, axis + 1) : 1;
    const classes = this.hasAxis ? bottom![axis]! : countBetween(bottom!, 1);
    if (k < 1 || k > classes) {
      throw inputError({
        message: `top_k ${k} of ${classes} values`,
        path: 'argmax_param > top_k',
        expected: `1 to ${classes}`,
        code: 'top-k',
      });
    }
    this.extent = [countBetween(bottom!, 0, axis), classes, inner];
    if (this.hasAxis) return [bottom!.map((d, a) => (a === axis ? k : d))];
    const top = new Array<number>(Math.max(3, bottom!.length)).fill(1);
    top[0] = bottom![0] ?? 1;
    top[1] = values ? 2 : 1;
    top[2] = k;
    return [top];
  }

  forward([bottom]: readonly Blob[], [top]: readonly Blob[]): void {
    const { top_k: k, out_max_val: values } = this.settings;
    const [outer, classes, inner] = this.extent;
    if (!values) argmax(outer, classes, inner, k, bottom!.data, top!.data, null);
    else if (this.hasAxis) argmax(outer, classes, inner, k, bottom!.data, null, top!.data);
    else {
      const index = new Float32Array(outer * k);
      const value = new Float32Array(outer * k);
      argmax(outer, classes, inner, k, bottom!.data, index, value);
      for (let i = 0; i < outer; i++) {
        top!.data.set(index.subarray(i * k, (i + 1) * k), 2 * i * k);
        top!.data.set(value.subarray(i * k, (i + 1) * k), (2 * i + 1) * k);
      }
    }
  }
}

/** Positions (or values) of the k largest, descending; of equal values the higher position first. No gradient. */
export const argmaxLayer: LayerType = {
  type: 'ArgMax',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  create: (param) => new ArgMax(param.argmax_param ?? create('ArgMaxParameter')),
};
