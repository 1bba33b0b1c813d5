import { dataError, RandomStream } from '../core/index.ts';
import { readFileOf } from './files.ts';
import { type FloatDataset, Hdf5 } from './hdf5.ts';

export interface Hdf5RowsSpec {
  /** Text file with one path a line, itself resolved. */
  readonly list: string;
  /** Names of the datasets: the layer's tops. */
  readonly names: readonly string[];
  readonly batch: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly stream: number;
  readonly resolve: (path: string) => string;
}

/** The paths of a list file, in order. */
export function readFileList(path: string, resolve: (path: string) => string): string[] {
  const text = Buffer.from(readFileOf(path, 'a list of HDF5 files')).toString('utf8');
  if (text.startsWith('\u0089HDF') || text.includes('\0')) {
    throw dataError({
      message: `${path} is no text`,
      expected: 'a text file that names HDF5 files, one a line',
      hint: 'hdf5_data_param.source is a list: write the path of the .h5 file into a text file',
      code: 'bad-list',
    });
  }
  const files = text.split(/\s+/).filter(Boolean);
  if (files.length === 0)
    throw dataError({ message: `the list ${path} is empty`, expected: 'paths of HDF5 files', code: 'empty' });
  return files.map(resolve);
}

interface Loaded {
  readonly file: number;
  readonly rows: number;
  readonly datasets: readonly FloatDataset[];
}

/**
 * Rows of HDF5 files in Caffe's order: file after file, each held in memory whole, round again after the last, inside a batch where need
 * be. Shuffling draws the order of files anew in each pass over the list and the order of rows on each visit to a file, from
 * (seed, layer, number of the visit).
 */
export class Hdf5Rows {
  private readonly spec: Hdf5RowsSpec;
  private readonly files: readonly string[];
  private readonly hdf5 = new Hdf5();
  private loaded: Loaded | undefined;
  private ahead: { file: number; finish(): FloatDataset[] } | undefined;
  private order: { visit: number; rows: Uint32Array } | undefined;
  /** Files finished since training began, and the next row in the current one: the whole state. */
  private visit = 0;
  private row = 0;

  constructor(spec: Hdf5RowsSpec) {
    this.spec = spec;
    this.files = readFileList(spec.list, spec.resolve);
  }

  get state(): { visit: number; row: number } {
    return { visit: this.visit, row: this.row };
  }

  set state({ visit, row }: { visit: number; row: number }) {
    this.visit = visit;
    this.row = row;
  }

  /** Shapes of the tops: [batch, …] with the axes of the datasets after the first. */
  shapes(): number[][] {
    return this.current().datasets.map(({ shape }) => [this.spec.batch, ...shape.slice(1)]);
  }

  /** Fills one batch of each dataset. */
  next(tops: readonly Float32Array[]): void {
    for (let filled = 0; filled < this.spec.batch; ) {
      const { rows, datasets } = this.current();
      const run = Math.min(this.spec.batch - filled, rows - this.row);
      const order = this.spec.shuffle ? this.rowOrder(rows) : undefined;
      datasets.forEach(({ data }, i) => {
        const size = data.length / rows;
        const out = tops[i]!;
        if (order) {
          for (let k = 0; k < run; k++) {
            const from = order[this.row + k]! * size;
            out.set(data.subarray(from, from + size), (filled + k) * size);
          }
        } else {
          out.set(data.subarray(this.row * size, (this.row + run) * size), filled * size);
        }
      });
      filled += run;
      this.row += run;
      if (this.row === rows) {
        this.visit++;
        this.row = 0;
      }
    }
  }

  get bytes(): number {
    return this.loaded?.datasets.reduce((sum, { data }) => sum + data.byteLength, 0) ?? 0;
  }

  close(): void {
    this.hdf5.close();
    this.loaded = undefined;
    this.ahead = undefined;
  }

  /** Index in the list of the file of a visit. */
  private fileAt(visit: number): number {
    const count = this.files.length;
    if (!this.spec.shuffle) return visit % count;
    const pass = Math.floor(visit / count);
    const indices = Array.from({ length: count }, (_, i) => i);
    new RandomStream(this.spec.seed, this.spec.stream, 2 ** 48 + pass * 2 ** 20).shuffle(indices);
    return indices[visit % count]!;
  }

  private rowOrder(rows: number): Uint32Array {
    if (this.order?.visit !== this.visit) {
      const order = Array.from({ length: rows }, (_, i) => i);
      new RandomStream(this.spec.seed, this.spec.stream, this.visit * 2 ** 32).shuffle(order);
      this.order = { visit: this.visit, rows: Uint32Array.from(order) };
    }
    return this.order.rows;
  }

  private current(): Loaded {
    const file = this.fileAt(this.visit);
    if (this.loaded?.file !== file) {
      const path = this.files[file]!;
      let datasets: FloatDataset[];
      if (this.ahead) {
        const ahead = this.ahead;
        this.ahead = undefined;
        const got = ahead.finish();
        datasets = ahead.file === file ? got : this.hdf5.read(path, this.spec.names);
      } else {
        datasets = this.hdf5.read(path, this.spec.names);
      }
      this.check(path, datasets);
      this.loaded = { file, rows: datasets[0]!.shape[0]!, datasets };
      const next = this.fileAt(this.visit + 1);
      if (this.files.length === 1) this.hdf5.close();
      else if (next !== file) this.ahead = { file: next, ...this.hdf5.readAhead(this.files[next]!, this.spec.names) };
    }
    return this.loaded!;
  }

  private check(path: string, datasets: readonly FloatDataset[]): void {
    const rows = datasets[0]?.shape[0];
    for (const { name, shape } of datasets) {
      const before = this.loaded?.datasets.find((dataset) => dataset.name === name)?.shape;
      const sameRow = !before || (before.length === shape.length && before.every((d, i) => i === 0 || d === shape[i]));
      if (shape.length > 0 && shape[0] === rows && rows! > 0 && sameRow) continue;
      throw dataError({
        message: `${path}: the dataset "${name}" has the shape [${shape.join(' ')}]`,
        expected:
          before && !sameRow
            ? `rows of [${before.slice(1).join(' ')}], as in the file before`
            : `${rows || 'at least 1'} rows, as the first dataset`,
        code: 'bad-hdf5',
      });
    }
  }
}
