import { dataError } from '../core/index.ts';
import type { RecordBatch } from './source.ts';

/** What a picture becomes. `size`: resized to height × width, bilinear. */
export interface DecodeOptions {
  readonly color: 'as-is' | 'color' | 'gray';
  readonly size?: readonly [number, number];
  /** Only this part: left, top, width, height in pixels, before resizing. */
  readonly part?: readonly [number, number, number, number];
}

export interface Picture {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [C][H][W], colours in the order blue, green, red (OpenCV's, hence Caffe's). */
  readonly data: Uint8Array;
}

type Sharp = typeof import('sharp').default;
let loaded: Promise<Sharp> | undefined;

/** sharp is optional: without it everything but pictures works. */
function sharp(): Promise<Sharp> {
  loaded ??= import('sharp').then(
    (module) => module.default,
    (cause) => {
      throw dataError(
        {
          message: 'pictures need the package sharp, which is not installed',
          hint: 'npm install sharp',
          code: 'no-sharp',
        },
        cause,
      );
    },
  );
  return loaded;
}

/** Decodes a JPEG or PNG picture. `name` is for messages. */
export async function decodePicture(bytes: Uint8Array, options: DecodeOptions, name: string): Promise<Picture> {
  const open = await sharp();
  try {
    // 16-bit samples become 8-bit, palettes become colours, CMYK becomes RGB; an alpha channel is dropped.
    let image = open(bytes, { failOn: 'error', limitInputPixels: 2 ** 28 }).removeAlpha();
    const gray =
      options.color === 'gray' || (options.color === 'as-is' && ((await image.metadata()).channels ?? 3) < 3);
    image = image.toColourspace(gray ? 'b-w' : 'srgb');
    if (options.part) {
      const [left, top, width, height] = options.part;
      image = image.extract({ left, top, width, height });
    }
    if (options.size) image = image.resize(options.size[1], options.size[0], { fit: 'fill', kernel: 'linear' });
    const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
    return planar(data, info.channels, gray ? 1 : 3, info.height, info.width);
  } catch (cause) {
    throw dataError(
      {
        message: `${name}: the picture cannot be decoded (${(cause as Error).message})`,
        expected: 'JPEG or PNG',
        code: 'bad-picture',
      },
      cause,
    );
  }
}

/** Interleaved RGB to planar BGR. */
function planar(pixels: Uint8Array, stored: number, channels: number, height: number, width: number): Picture {
  const plane = height * width;
  const data = new Uint8Array(channels * plane);
  for (let c = 0; c < channels; c++) {
    const from = stored === 1 ? 0 : channels - 1 - c;
    for (let i = 0; i < plane; i++) data[c * plane + i] = pixels[i * stored + from]!;
  }
  return { channels, height, width, data };
}

/** Decodes the pictures of a batch into one run of memory. */
export async function decodeBatch(batch: RecordBatch, options: DecodeOptions, name: string): Promise<RecordBatch> {
  if (!batch.encoded) return batch;
  const pictures = await Promise.all(batch.encoded.map((bytes) => decodePicture(bytes, options, name)));
  const base = new Uint8Array(pictures.reduce((sum, picture) => sum + picture.data.length, 0));
  const offsets = new BigInt64Array(batch.count);
  let at = 0;
  pictures.forEach((picture, i) => {
    base.set(picture.data, at);
    offsets[i] = BigInt(at);
    at += picture.data.length;
  });
  return {
    count: batch.count,
    base,
    offsets,
    element: 'uint8',
    channels: pictures[0]!.channels,
    heights: Int32Array.from(pictures, (picture) => picture.height),
    widths: Int32Array.from(pictures, (picture) => picture.width),
    labels: batch.labels,
  };
}
