import type { Blob, Shape } from '../blob/index.ts';
import { dataError, inputError } from '../core/index.ts';
import { gatherRows, scatterRows } from '../math/copies.ts';
import { countBetween, shapeText } from './axes.ts';
import type { Layer, LayerType } from './layer.ts';

class BatchReindex implements Layer {
  readonly params = [];

  reshape([bottom, index]: readonly Shape[]): Shape[] {
    if (index!.length === 1 && bottom!.length > 0) return [[index![0]!, ...bottom!.slice(1)]];
    throw inputError({
      message: `the index blob is ${shapeText(index!)}`,
      path: 'bottom[1]',
      expected: 'one axis of positions in the batch',
      code: 'batch-reindex',
    });
  }

  forward([bottom, index]: readonly Blob[], [top]: readonly Blob[]): void {
    const rows = index!.shape[0]!;
    if (rows === 0) return;
    const items = bottom!.shape[0]!;
    const bad = gatherRows(rows, countBetween(bottom!.shape, 1), index!.data, bottom!.data, items, top!.data);
    if (bad < 0) return;
    throw dataError({
      message: `index ${bad} of '${index!.name}' is ${index!.data[bad]}`,
      expected: `a position from 0 to ${items - 1}`,
      code: 'index-range',
    });
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [bottom, index]: readonly Blob[]): void {
    if (!wanted) return;
    const length = countBetween(bottom!.shape, 1);
    scatterRows(index!.shape[0]!, length, index!.data, top!.diff, bottom!.shape[0]!, bottom!.diff);
  }
}

/** Items of the batch picked, dropped or repeated by a list of positions. */
export const batchReindexLayer: LayerType = {
  type: 'BatchReindex',
  bottoms: { min: 2, max: 2 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  noGradientBottoms: [1],
  backwardReads: { bottoms: true, tops: false },
  create: () => new BatchReindex(),
};
