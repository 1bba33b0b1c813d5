import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataError, RandomStream } from '../core/index.ts';
import { describePath, firstBytes, readFileOf } from './files.ts';
import { imageSize } from './image-size.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';
import type { StreamSpec } from './stream.ts';

/** Lines of a list file: a path and a whole number, the number after the last blank. */
export function readImageList(path: string): { file: string; label: number }[] {
  const text = Buffer.from(readFileOf(path, 'a list of pictures')).toString('utf8');
  const entries: { file: string; label: number }[] = [];
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim();
    if (line === '') return;
    const cut = line.search(/\s\S*$/);
    const label = Number(line.slice(cut + 1));
    if (cut < 0 || !Number.isInteger(label)) {
      throw dataError({
        message: `"${line.slice(0, 80)}" is no line of a list of pictures`,
        span: { file: path, line: i + 1, column: 1 },
        expected: 'a path, a blank, a whole number',
        code: 'bad-list',
      });
    }
    entries.push({ file: line.slice(0, cut).trim(), label });
  });
  if (entries.length === 0) throw dataError({ message: `the list ${path} is empty`, code: 'empty' });
  return entries;
}

/** Caffe's ImageData: picture files named by a list, in its order or shuffled anew for each pass. */
export class ImageListSource implements RecordSource {
  readonly kind = 'images';
  readonly name: string;
  readonly shape: RecordShape;
  readonly encoded = true;
  readonly count: number;
  readonly bytes = 0;
  private readonly spec: StreamSpec;
  private readonly entries: readonly { file: string; label: number }[];
  private order: { pass: number; indices: number[] } | undefined;

  constructor(spec: StreamSpec) {
    const { source, images } = spec;
    this.spec = spec;
    this.name = source;
    this.entries = readImageList(source);
    this.count = this.entries.length;
    const channels = images!.color ? 3 : 1;
    if (images!.height > 0) {
      this.shape = [channels, images!.height, images!.width];
      return;
    }
    const first = this.path(this.entries[0]!.file);
    const size = imageSize(firstBytes(first, 2 ** 18));
    if (!size)
      throw dataError({
        message: `no picture whose size can be told: ${describePath(first)}`,
        expected: 'JPEG or PNG',
        code: 'bad-picture',
      });
    this.shape = [channels, size.height, size.width];
  }

  /** The first picture of the run also sets the shape of the tops, as in Caffe; shuffling does not change the size asked for. */
  read(position: number, count: number): RecordBatch {
    const labels = new Float32Array(count);
    const encoded = Array.from({ length: count }, (_, i) => {
      const entry = this.entries[this.indexAt(position + i)]!;
      labels[i] = entry.label;
      const path = this.path(entry.file);
      try {
        return readFileSync(path);
      } catch (cause) {
        throw dataError(
          {
            message: `a picture of ${this.name} is missing: ${describePath(path)}`,
            hint: 'see root_folder',
            code: 'no-data',
          },
          cause,
        );
      }
    });
    const empty = new Int32Array(0);
    const table = { base: null, offsets: new BigInt64Array(0), element: 'uint8', channels: this.shape[0] } as const;
    return { ...table, count, heights: empty, widths: empty, labels, encoded };
  }

  private path(file: string): string {
    // Caffe puts the two texts together as they are; a missing slash is added here.
    const { root } = this.spec.images!;
    return root === '' ? file : join(root, file);
  }

  /** Index in the list of record `position`: a permutation per pass, drawn from (seed, layer, pass). */
  private indexAt(position: number): number {
    const index = position % this.count;
    if (!this.spec.images!.shuffle) return index;
    const pass = Math.floor(position / this.count);
    if (this.order?.pass !== pass) {
      const indices = Array.from({ length: this.count }, (_, i) => i);
      new RandomStream(this.spec.seed, this.spec.stream, 2 ** 40 + pass * 2 ** 24).shuffle(indices);
      this.order = { pass, indices };
    }
    return this.order.indices[index]!;
  }

  close(): void {}
}
