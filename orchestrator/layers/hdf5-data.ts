import type { Blob, Shape } from '../blob/index.ts';
import { dataError, inputError } from '../core/index.ts';
import { Hdf5Rows } from '../data/index.ts';
import { create, type LayerParameter, spanOf } from '../proto/index.ts';
import { batchSize } from './batches.ts';
import type { Layer, LayerContext, LayerType } from './layer.ts';

class Hdf5Data implements Layer {
  readonly params = [];
  private readonly rows: Hdf5Rows | undefined;

  constructor(param: LayerParameter, context: LayerContext) {
    const data = param.hdf5_data_param ?? create('HDF5DataParameter');
    const batch = batchSize(param, context, 'hdf5_data_param');
    const path = 'hdf5_data_param > source';
    if (context.assumedRecord) return; // the files must not be opened, and the text says nothing of their shapes
    if (!data.source) throw inputError({ message: 'no source', path, span: spanOf(data), code: 'no-source' });
    if (param.transform_param) {
      throw inputError({
        message: 'HDF5Data takes no transform_param',
        span: spanOf(param, 'transform_param'),
        path: 'transform_param',
        hint: 'scale with a Power layer after it',
        code: 'no-transform',
      });
    }
    const { seed, stream } = context.random;
    const resolve = (file: string) => context.resolve(file);
    const list = resolve(data.source);
    this.rows = new Hdf5Rows({ list, names: param.top, batch, shuffle: data.shuffle, seed, stream, resolve });
  }

  reshape(): Shape[] {
    if (this.rows) return this.rows.shapes();
    throw dataError({ message: 'the shapes of HDF5Data are in its files, not in the text', code: 'not-inferable' });
  }

  forward(_: readonly Blob[], tops: readonly Blob[]): void {
    this.rows!.next(tops.map((top) => top.data));
  }

  saveState(): unknown {
    return this.rows?.state;
  }

  loadState(state: unknown): void {
    if (this.rows) this.rows.state = state as { visit: number; row: number };
  }

  privateBytes(): number {
    return this.rows?.bytes ?? 0;
  }

  close(): void {
    this.rows?.close();
  }
}

/** Rows of HDF5 files named by a list; a dataset for each top, by its name. */
export const hdf5DataLayer: LayerType = {
  type: 'HDF5Data',
  bottoms: { min: 0, max: 0 },
  tops: { min: 1, max: Number.MAX_SAFE_INTEGER },
  layouts: 'nchw',
  isSource: true,
  create: (param, context) => new Hdf5Data(param, context),
};
