import { join } from 'node:path';
import { dataError, nearest, usageError } from '../core/index.ts';
import {
  type Backend,
  type Converted,
  convertPictures,
  convertToLmdb,
  type DecodeOptions,
  encodeMean,
  firstBytes,
  inspectSource,
  type MeanImage,
  meanOf,
  meanOfPictures,
  openRecords,
  openSource,
  type RecordSource,
  type SourceSummary,
  statOf,
  syntheticKinds,
} from '../data/index.ts';
import { writeAtomically } from '../snapshot/index.ts';

/** Where records come from, as a user names it. */
export interface DataRequest {
  /** An LMDB, LevelDB or CIFAR-10 folder, an idx file, a list of pictures, or a text with a scheme (`idx:`, `synthetic-digits:`). */
  readonly source: string;
  /** Lists of pictures: folder their paths count from. */
  readonly root?: string | undefined;
  readonly shuffle?: boolean | undefined;
  readonly seed?: number | undefined;
  /** Pictures: colour or gray whatever the file holds. */
  readonly color?: DecodeOptions['color'] | undefined;
  /** Pictures: height and width to resize to. */
  readonly size?: readonly [number, number] | undefined;
}

function openFolder(path: string): RecordSource {
  const has = (name: string) => statOf(join(path, name)) !== undefined;
  if (has('data_batch_1.bin') || has('test_batch.bin')) return openSource(`cifar10-bin:${path}`, 'LMDB');
  const backend: Backend = has('CURRENT') ? 'LEVELDB' : 'LMDB';
  return openSource(path, backend);
}

const IDX_ENDS_AT = 4;

function openNamed(request: DataRequest): RecordSource {
  const { source, root = '', shuffle = false, seed = 1 } = request;
  const stats = statOf(source);
  if (stats?.isDirectory()) return openFolder(source);
  const head = firstBytes(source, IDX_ENDS_AT);
  const idx = head.length === IDX_ENDS_AT && head[0] === 0 && head[1] === 0;
  if (!stats?.isFile() || idx) return openSource(source, 'LMDB');
  const [height, width] = request.size ?? [0, 0];
  return openRecords({
    source,
    backend: 'IMAGES',
    images: { root, shuffle, height, width, color: request.color !== 'gray' },
    batch: 1,
    transform: { scale: 1, mirror: false, cropSize: 0, randomCrop: false, meanValues: [], color: 'as-is' },
    seed,
    stream: 0,
    skip: 0,
    prefetch: 1,
  });
}

async function withSource<T>(request: DataRequest, use: (source: RecordSource) => T | Promise<T>): Promise<T> {
  const source = openNamed(request);
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

const decoding = ({ color, size }: DataRequest): DecodeOptions => ({ color: color ?? 'color', ...(size && { size }) });

/** Writes records as an LMDB that Caffe reads. Pictures are decoded unless `encoded` keeps their files as they are. */
export function convertData(request: DataRequest, output: string, encoded: boolean): Promise<Converted> {
  return withSource(request, (source) => {
    if (source.encoded && !encoded) return convertPictures(source, output, decoding(request));
    if (!source.encoded && (request.size || request.color)) {
      throw dataError({
        message: `${source.name} holds no pictures to resize or recolour`,
        expected: 'a list of pictures, or a database of compressed ones',
        code: 'not-pictures',
      });
    }
    return convertToLmdb(source, output);
  });
}

/** Draws a generated set (`synthetic-digits:train?count=10000&seed=1`) and writes it as an LMDB. */
export function makeData(set: string, output: string): Promise<Converted> {
  const scheme = set.split(':')[0]!;
  if (!syntheticKinds.has(scheme)) {
    const near = nearest(scheme, syntheticKinds.keys());
    throw usageError({
      message: `there is no generated set '${scheme}'`,
      expected: [...syntheticKinds.keys()].join(', '),
      hint: near ? `did you mean '${near}'?` : 'files are converted with: crema data convert',
      code: 'unknown-set',
    });
  }
  return withSource({ source: set }, (source) => convertToLmdb(source, output));
}

/** The mean image of a set; written where `output` is given. */
export function meanData(request: DataRequest, output: string | undefined): Promise<MeanImage> {
  return withSource(request, async (source) => {
    const mean = source.encoded ? await meanOfPictures(source, decoding(request)) : meanOf(source);
    if (output !== undefined) writeAtomically(output, encodeMean(mean));
    return mean;
  });
}

/** Reads through a set once. */
export const inspectData = (request: DataRequest): Promise<SourceSummary> => withSource(request, inspectSource);

/** Mean of each channel of a mean image. */
export function channelMeans({ shape, data }: MeanImage): number[] {
  const plane = shape[1] * shape[2];
  return Array.from(
    { length: shape[0] },
    (_, c) => data.subarray(c * plane, (c + 1) * plane).reduce((sum, value) => sum + value, 0) / plane,
  );
}
