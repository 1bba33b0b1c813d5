import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { Hdf5 } from '../data/index.ts';
import { type LayerParameter, spanOf } from '../proto/index.ts';
import type { Layer, LayerType } from './layer.ts';

/** Names Caffe gives the two datasets. */
const NAMES = ['data', 'label'] as const;

class Hdf5Output implements Layer {
  readonly params = [];
  private readonly path: string;
  private readonly hdf5 = new Hdf5();
  private written = false;

  constructor(param: LayerParameter) {
    const given = param.hdf5_output_param;
    if (!given?.file_name) {
      throw inputError({
        message: 'no file_name',
        path: 'hdf5_output_param > file_name',
        span: given ? spanOf(given) : undefined,
        code: 'no-file',
      });
    }
    this.path = given.file_name;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const [data, label] = bottoms;
    if (data![0] !== label![0]) {
      throw inputError({
        message: `${data![0]} rows of data and ${label![0]} of labels`,
        expected: 'as many',
        code: 'hdf5-rows',
      });
    }
    return [];
  }

  /** The first pass makes the file, later ones add rows (Caffe stops at the second: the dataset exists). */
  forward(bottoms: readonly Blob[]): void {
    const datasets = bottoms.map(({ shape, data }, i) => ({ name: NAMES[i]!, shape: [...shape], data: data.slice() }));
    if (this.written) this.hdf5.append(this.path, datasets);
    else this.hdf5.write(this.path, datasets, true);
    this.written = true;
  }

  backward(): void {}

  close(): void {
    this.hdf5.close();
  }
}

/** Writes its two bottoms to an HDF5 file as `data` and `label`. */
export const hdf5OutputLayer: LayerType = {
  type: 'HDF5Output',
  bottoms: { min: 2, max: 2 },
  tops: { min: 0, max: 0 },
  layouts: 'nchw',
  create: (param) => new Hdf5Output(param),
};
