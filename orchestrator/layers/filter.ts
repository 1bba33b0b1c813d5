import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { gatherRows, scatterRows } from '../math/copies.ts';
import { countBetween, shapeText } from './axes.ts';
import type { Layer, LayerType } from './layer.ts';

class Filter implements Layer {
  readonly params = [];
  private readonly tops: number;
  private selected = new Float32Array(0);
  lastShapes?: readonly Shape[];

  constructor(tops: number) {
    this.tops = tops;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const refuse = (message: string, path: string, expected: string) =>
      inputError({ message, path, expected, code: 'filter' });
    if (bottoms.length !== this.tops + 1) {
      throw refuse(`${bottoms.length} bottoms and ${this.tops} tops`, 'top', 'a top for each bottom but the selector');
    }
    const selector = bottoms.at(-1)!;
    if (selector.length === 0 || countBetween(selector, 1) !== 1) {
      const path = `bottom[${bottoms.length - 1}]`;
      throw refuse(`the selector is ${shapeText(selector)}`, path, 'one number for each item');
    }
    const data = bottoms.slice(0, -1);
    data.forEach((shape, i) => {
      if (shape[0] === selector[0]) return;
      throw refuse(`${shape[0]} items, selector for ${selector[0]}`, `bottom[${i}]`, `${selector[0]} items`);
    });
    return data;
  }

  forward(bottoms: readonly Blob[], tops: readonly Blob[]): void {
    const selector = bottoms.at(-1)!;
    const chosen: number[] = [];
    for (let i = 0; i < selector.count; i++) if (selector.data[i] !== 0) chosen.push(i);
    this.selected = Float32Array.from(chosen);
    tops.forEach((top, i) => {
      const bottom = bottoms[i]!;
      const length = countBetween(bottom.shape, 1);
      if (chosen.length > 0) gatherRows(chosen.length, length, this.selected, bottom.data, bottom.shape[0]!, top.data);
      top.data.fill(0, chosen.length * length, top.count);
    });
    this.lastShapes = tops.map((top) => [chosen.length, ...top.shape.slice(1)]);
  }

  backward(tops: readonly Blob[], wanted: readonly boolean[], bottoms: readonly Blob[]): void {
    tops.forEach((top, i) => {
      const bottom = bottoms[i]!;
      if (!wanted[i]) return;
      const length = countBetween(bottom.shape, 1);
      scatterRows(this.selected.length, length, this.selected, top.diff, bottom.shape[0]!, bottom.diff);
    });
  }
}

/** Items whose selector (last bottom) is not zero, moved to the front; `lastShapes` says how many there were. */
export const filterLayer: LayerType = {
  type: 'Filter',
  bottoms: { min: 2, max: Number.MAX_SAFE_INTEGER },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  layouts: 'nchw',
  resizesTops: true,
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new Filter(param.top.length),
};
