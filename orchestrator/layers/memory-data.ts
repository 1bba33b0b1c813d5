import type { Blob, Shape } from '../blob/index.ts';
import { dataError, inputError } from '../core/index.ts';
import { create, type LayerParameter } from '../proto/index.ts';
import { batchSize } from './batches.ts';
import type { Layer, LayerContext, LayerType } from './layer.ts';

/** Records handed over by a program. `reset` before the first forward. */
export class MemoryData implements Layer {
  readonly params = [];
  private readonly shape: readonly [number, number, number, number];
  private data: Float32Array = new Float32Array(0);
  private labels: Float32Array = new Float32Array(0);
  private row = 0;

  constructor(param: LayerParameter, context: LayerContext) {
    const given = param.memory_data_param ?? create('MemoryDataParameter');
    const batch = batchSize(param, context, 'memory_data_param');
    const { channels, height, width } = given;
    if (channels * height * width === 0) {
      throw inputError({
        message: `records of ${channels}×${height}×${width}`,
        path: 'memory_data_param',
        expected: 'batch_size, channels, height and width, all above 0',
        code: 'memory-size',
      });
    }
    this.shape = [batch, channels, height, width];
  }

  /** Hands over n records [n][C][H][W] and n labels, kept without a copy; n is a multiple of the batch size. */
  reset(data: Float32Array, labels: Float32Array): void {
    const [batch, c, h, w] = this.shape;
    if (labels.length === 0 || labels.length % batch !== 0 || data.length !== labels.length * c * h * w) {
      throw dataError({
        message: `MemoryData got ${data.length} values and ${labels.length} labels`,
        expected: `a multiple of ${batch} records of ${c}×${h}×${w}`,
        code: 'memory-data',
      });
    }
    this.data = data;
    this.labels = labels;
    this.row = 0;
  }

  reshape(): Shape[] {
    return [this.shape, [this.shape[0]]];
  }

  forward(_: readonly Blob[], tops: readonly Blob[]): void {
    const [batch, c, h, w] = this.shape;
    if (this.labels.length === 0) {
      throw dataError({
        message: 'MemoryData has no data: a program must hand it over before each run',
        hint: 'use a Data or Input layer for nets that run from files',
        code: 'memory-data',
      });
    }
    const size = c * h * w;
    tops[0]!.data.set(this.data.subarray(this.row * size, (this.row + batch) * size));
    tops[1]!.data.set(this.labels.subarray(this.row, this.row + batch));
    this.row = (this.row + batch) % this.labels.length;
  }

  saveState(): unknown {
    return { row: this.row };
  }

  loadState(state: unknown): void {
    this.row = (state as { row: number }).row;
  }
}

/** Data and labels that a program hands over. */
export const memoryDataLayer: LayerType = {
  type: 'MemoryData',
  bottoms: { min: 0, max: 0 },
  tops: { min: 2, max: 2 },
  layouts: 'nchw',
  isSource: true,
  create: (param, context) => new MemoryData(param, context),
};
