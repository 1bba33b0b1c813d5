import { join } from 'node:path';
import { CremaError, dataError, RandomStream } from '../core/index.ts';
import { decodePicture } from './decode.ts';
import { readFileOf } from './files.ts';
import { type MeanImage, readMean } from './mean.ts';
import type { RecordShape } from './source.ts';
import type { StreamSpec } from './stream.ts';

export interface Producer {
  /** Makes the batch that begins at `ordinal` in `out` and returns its labels. */
  make(ordinal: number, out: Float32Array): Promise<Float32Array>;
  /** Lets go of what it reads from. */
  close(): void;
}

/** A rectangle of a picture, corners included. */
export interface ObjectWindow {
  readonly image: number;
  readonly label: number;
  readonly overlap: number;
  readonly box: readonly [number, number, number, number];
}

export interface WindowFile {
  readonly images: readonly { readonly path: string; readonly height: number; readonly width: number }[];
  readonly windows: readonly ObjectWindow[];
}

/** Reads R-CNN's window file: for each picture `# index`, path, channels, height, width, count, then `class overlap x1 y1 x2 y2` lines. */
export function readWindowFile(path: string): WindowFile {
  const words = Buffer.from(readFileOf(path, 'a window file')).toString('utf8').split(/\s+/).filter(Boolean);
  const images: { path: string; height: number; width: number }[] = [];
  const windows: ObjectWindow[] = [];
  let at = 0;
  const bad = (expected: string) =>
    dataError({ message: `${path}: "${words[at - 1] ?? 'the end'}" at word ${at}`, expected, code: 'bad-window-file' });
  const number = (what: string): number => {
    const value = Number(words[at++]);
    if (!Number.isFinite(value)) throw bad(what);
    return value;
  };
  while (at < words.length) {
    if (words[at++] !== '#') throw bad('# before the number of a picture');
    number('the number of a picture');
    const image = words[at++] ?? '';
    number('channels');
    images.push({ path: image, height: number('a height'), width: number('a width') });
    for (let n = number('the number of windows'); n > 0; n--) {
      const [label, overlap] = [number('a class'), number('an overlap')];
      const box = [number('x1'), number('y1'), number('x2'), number('y2')] as const;
      windows.push({ image: images.length - 1, label, overlap, box });
    }
  }
  return { images, windows };
}

export const windowShape = ({ transform }: StreamSpec): RecordShape => [3, transform.cropSize, transform.cropSize];

/** Where a window is read in its picture and where it lands in the square of `size` pixels. */
export interface Cut {
  /** Left, top, width, height in the picture. */
  readonly part: readonly [number, number, number, number];
  /** Height and width it is warped to. */
  readonly size: readonly [number, number];
  /** Left and top in the square; beyond the window is the mean (zeros after its subtraction). */
  readonly left: number;
  readonly top: number;
}

/** Geometry of R-CNN's warp with context (Girshick et al., CVPR 2014): `pad` pixels of the square show what surrounds the window. */
export function cutWindow(
  box: readonly [number, number, number, number],
  picture: { readonly height: number; readonly width: number },
  size: number,
  pad: number,
  square: boolean,
  mirror: boolean,
): Cut {
  let [x1, y1, x2, y2] = box;
  let [padLeft, padTop, padRight] = [0, 0, 0];
  let [height, width] = [size, size];
  if (pad > 0 || square) {
    const scale = size / (size - 2 * pad);
    let halfHeight = (y2 - y1 + 1) / 2;
    let halfWidth = (x2 - x1 + 1) / 2;
    const [x, y] = [x1 + halfWidth, y1 + halfHeight];
    if (square) halfWidth = halfHeight = Math.max(halfWidth, halfHeight);
    x1 = Math.round(x - halfWidth * scale);
    x2 = Math.round(x + halfWidth * scale);
    y1 = Math.round(y - halfHeight * scale);
    y2 = Math.round(y + halfHeight * scale);
    const [scaleX, scaleY] = [size / (x2 - x1 + 1), size / (y2 - y1 + 1)];
    const [left, top] = [Math.max(0, -x1), Math.max(0, -y1)];
    const [right, bottom] = [Math.max(0, x2 - picture.width + 1), Math.max(0, y2 - picture.height + 1)];
    [x1, y1, x2, y2] = [x1 + left, y1 + top, x2 - right, y2 - bottom];
    width = Math.round((x2 - x1 + 1) * scaleX);
    height = Math.round((y2 - y1 + 1) * scaleY);
    [padLeft, padTop, padRight] = [Math.round(left * scaleX), Math.round(top * scaleY), Math.round(right * scaleX)];
  }
  const left = mirror ? padRight : padLeft;
  const clipped = [Math.min(height, size - padTop), Math.min(width, size - left)] as const;
  return { part: [x1, y1, x2 - x1 + 1, y2 - y1 + 1], size: clipped, left, top: padTop };
}

/** Batches of windows: first those of the background (label 0), then the objects, each drawn from all of its kind. */
export function windowProducer(spec: StreamSpec): Producer {
  const { foreground, background, fraction, contextPad, square, root } = spec.windows!;
  const { images, windows } = readWindowFile(spec.source);
  const objects = windows.filter(({ overlap }) => overlap >= foreground);
  const grounds = windows.filter(({ overlap }) => overlap < background).map((window) => ({ ...window, label: 0 }));
  const objectCount = Math.floor(spec.batch * fraction);
  if ((objects.length === 0 && objectCount > 0) || (grounds.length === 0 && objectCount < spec.batch)) {
    throw dataError({
      message: `${spec.source} has ${objects.length} windows of objects and ${grounds.length} of background`,
      code: 'empty',
    });
  }
  const size = spec.transform.cropSize;
  const subtract = meanRule(spec);
  const one = async (ordinal: number, object: boolean, out: Float32Array): Promise<number> => {
    const random = new RandomStream(spec.seed, spec.stream, ordinal * 4);
    const list = object ? objects : grounds;
    const window = list[random.integer(list.length)]!;
    const mirror = spec.transform.mirror && random.integer(2) === 1;
    const image = images[window.image]!;
    const path = root === '' ? image.path : join(root, image.path);
    const cut = cutWindow(window.box, image, size, contextPad, square, mirror);
    out.fill(0);
    const [height, width] = cut.size;
    const picture = await decodePicture(
      readFileOf(path, 'a picture'),
      { color: 'color', part: cut.part, size: cut.size },
      path,
    );
    for (let c = 0; c < 3; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const from = (c * height + y) * width + (mirror ? width - 1 - x : x);
          const [row, column] = [y + cut.top, x + cut.left];
          out[(c * size + row) * size + column] =
            (picture.data[from]! - subtract(c, row, column)) * spec.transform.scale;
        }
      }
    }
    return window.label;
  };
  const make: Producer['make'] = async (ordinal, out) => {
    const elements = 3 * size * size;
    const items = Array.from({ length: spec.batch }, (_, i) =>
      one(ordinal + i, i >= spec.batch - objectCount, out.subarray(i * elements, (i + 1) * elements)),
    );
    return Float32Array.from(await Promise.all(items));
  };
  return { make, close() {} };
}

/** What is subtracted at a place of the square: a mean image's middle, a value a channel, or nothing. */
function meanRule(spec: StreamSpec): (channel: number, row: number, column: number) => number {
  const { meanFile, meanValues, cropSize } = spec.transform;
  if (!meanFile) {
    if (meanValues.length > 1 && meanValues.length !== 3) {
      throw new CremaError('input', {
        message: `${meanValues.length} mean_value for 3 channels`,
        expected: '1 or 3',
        code: 'mean-count',
      });
    }
    return (channel) => meanValues[meanValues.length > 1 ? channel : 0] ?? 0;
  }
  const { shape, data }: MeanImage = readMean(meanFile);
  const [channels, height, width] = shape;
  if (channels !== 3 || height !== width || width < cropSize) {
    throw dataError({
      message: `the mean image ${meanFile} is ${shape.join('×')}`,
      expected: `3 channels, square, at least ${cropSize} wide`,
      code: 'mean-shape',
    });
  }
  const off = Math.floor((width - cropSize) / 2);
  return (channel, row, column) => data[(channel * height + row + off) * width + column + off]!;
}
