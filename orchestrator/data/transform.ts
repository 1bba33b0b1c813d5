import { CremaError, dataError } from '../core/index.ts';
import { type TransformRule, transformRecords } from '../math/index.ts';
import { type LayerParameter, spanOf, type TransformationParameter } from '../proto/index.ts';
import { readMean } from './mean.ts';
import type { RecordBatch, RecordShape, RecordSource } from './source.ts';

/** Caffe's transform_param as plain data (it travels to the loader's thread). */
export interface TransformSpec {
  readonly scale: number;
  readonly mirror: boolean;
  /** 0: whole records. */
  readonly cropSize: number;
  /** The crop's place is drawn (TRAIN), else centred. */
  readonly randomCrop: boolean;
  readonly meanFile?: string;
  readonly meanValues: readonly number[];
  /** How compressed records are decoded. */
  readonly color: 'as-is' | 'color' | 'gray';
}

/** Reads and checks the transform of a layer. */
export function transformSpec(
  param: LayerParameter,
  phase: 'TRAIN' | 'TEST',
  resolve: (path: string) => string,
): TransformSpec {
  const t: TransformationParameter | null = param.transform_param;
  if (!t) return { scale: 1, mirror: false, cropSize: 0, randomCrop: false, meanValues: [], color: 'as-is' };
  const refuse = (field: keyof TransformationParameter & string, message: string, expected: string) =>
    new CremaError('input', {
      message,
      expected,
      span: spanOf(t, field),
      path: `${param.name} > transform_param > ${field}`,
    });
  if (t.mean_file && t.mean_value.length > 0)
    throw refuse('mean_value', 'mean_file and mean_value are both set', 'one of them');
  if (t.force_color && t.force_gray)
    throw refuse('force_gray', 'force_color and force_gray are both set', 'one of them');
  return {
    scale: t.scale,
    mirror: t.mirror,
    cropSize: t.crop_size,
    randomCrop: phase === 'TRAIN' && t.crop_size > 0,
    ...(t.mean_file ? { meanFile: resolve(t.mean_file) } : {}),
    meanValues: [...t.mean_value],
    color: t.force_color ? 'color' : t.force_gray ? 'gray' : 'as-is',
  };
}

/** Shape of a transformed record; `encoded` ones also change colour. Throws an input CremaError where the crop does not fit. */
export function transformedShape(spec: TransformSpec, record: RecordShape, name: string, encoded = false): RecordShape {
  const [c, h, w] = record;
  const channels = !encoded || spec.color === 'as-is' ? c : spec.color === 'gray' ? 1 : 3;
  if (spec.cropSize === 0) return [channels, h, w];
  if (spec.cropSize > h || spec.cropSize > w) {
    throw new CremaError('input', {
      message: `crop_size ${spec.cropSize} is larger than the records of ${name}, ${c}×${h}×${w}`,
      expected: `at most ${Math.min(h, w)}`,
      code: 'crop-too-large',
    });
  }
  return [channels, spec.cropSize, spec.cropSize];
}

/** Applies a transform to batches of one source. */
export class Transformer {
  readonly shape: RecordShape;
  private readonly spec: TransformSpec;
  private readonly name: string;
  private readonly meanShape: RecordShape | undefined;
  private readonly rule: TransformRule;

  /** `key` names the random stream of crops and mirrors. */
  constructor(spec: TransformSpec, source: RecordSource, key: { seed: number; stream: number }) {
    this.spec = spec;
    const { name } = source;
    this.name = name;
    this.shape = transformedShape(spec, source.shape, name, source.encoded);
    const [channels, cropHeight, cropWidth] = this.shape;
    let mean: Float32Array;
    if (spec.meanFile) {
      const picture = readMean(spec.meanFile);
      this.meanShape = picture.shape;
      mean = picture.data;
    } else if (spec.meanValues.length <= 1) {
      mean = new Float32Array(channels).fill(spec.meanValues[0] ?? 0);
    } else if (spec.meanValues.length === channels) {
      mean = Float32Array.from(spec.meanValues);
    } else {
      throw new CremaError('input', {
        message: `${spec.meanValues.length} mean_value for records of ${channels} channels (${name})`,
        expected: `1 or ${channels}`,
        code: 'mean-count',
      });
    }
    const { mirror, scale, randomCrop } = spec;
    const meanPerPixel = this.meanShape !== undefined;
    const { seed, stream } = key;
    this.rule = { channels, cropHeight, cropWidth, randomCrop, mirror, mean, meanPerPixel, scale, seed, stream };
  }

  /** Writes the transformed batch, [count][C][h][w]. Draws of record i are a function of `ordinal` + i. */
  run(batch: RecordBatch, ordinal: number, out: Float32Array): void {
    this.check(batch, ordinal);
    transformRecords(batch, this.rule, ordinal, out);
  }

  private check(batch: RecordBatch, ordinal: number): void {
    const [channels, h, w] = this.shape;
    const whole = this.spec.cropSize === 0;
    const mean = this.meanShape;
    for (let i = 0; i < batch.count; i++) {
      const height = batch.heights[i]!;
      const width = batch.widths[i]!;
      const fits = batch.channels === channels && (whole ? height === h && width === w : height >= h && width >= w);
      if (!fits) {
        throw dataError({
          message: `${this.name}: the record ${ordinal + i} of this run is ${batch.channels}×${height}×${width}`,
          expected: whole ? `${channels}×${h}×${w}, as the first` : `${channels} channels, at least ${h}×${w}`,
          hint: 'records of several sizes need a crop_size',
          code: 'record-shape',
        });
      }
      if (mean && (mean[0] !== channels || mean[1] !== height || mean[2] !== width)) {
        throw dataError({
          message: `the mean image ${this.spec.meanFile} is ${mean.join('×')} and a record ${channels}×${height}×${width}`,
          expected: 'the same size',
          code: 'mean-shape',
        });
      }
    }
  }
}
