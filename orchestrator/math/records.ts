import type { Pointer } from '../native/index.ts';
import { hostFunction, hostLibrary } from './host.ts';

/** Where a batch of records lies. */
export interface RecordPlaces {
  readonly count: number;
  /** Memory that `offsets` (bytes) count from, or null where they are addresses. */
  readonly base: Pointer;
  readonly offsets: BigInt64Array;
  readonly element: 'uint8' | 'float32';
  readonly heights: Int32Array;
  readonly widths: Int32Array;
}

/** How Caffe's transform_param turns records into floats. */
export interface TransformRule {
  readonly channels: number;
  readonly cropHeight: number;
  readonly cropWidth: number;
  /** The place of the crop is drawn (TRAIN) rather than centred. */
  readonly randomCrop: boolean;
  readonly mirror: boolean;
  /** One value a channel, or one per element of a record where `meanPerPixel`. */
  readonly mean: Float32Array;
  readonly meanPerPixel: boolean;
  readonly scale: number;
  readonly seed: number;
  readonly stream: number;
}

const transform = hostFunction('crema_transform', [
  ...(['pointer', 'pointer', 'i32', 'i64', 'i64', 'pointer', 'pointer', 'i64', 'i64', 'i32', 'i32'] as const),
  ...(['pointer', 'i32', 'f32', 'u64', 'u32', 'u64', 'pointer'] as const),
]);

/**
 * out[i] = (record i, cropped and mirrored - mean) · scale, as [count][channels][cropHeight][cropWidth]. `ordinal`: records before this
 * batch since training began; draws are a function of it.
 */
export function transformRecords(at: RecordPlaces, rule: TransformRule, ordinal: number, out: Float32Array): void {
  const { base, offsets, count, heights, widths } = at;
  const { channels, cropHeight, cropWidth, mean, scale, seed, stream } = rule;
  const float = at.element === 'float32' ? 1 : 0;
  const [random, mirror, perPixel] = [Number(rule.randomCrop), Number(rule.mirror), Number(rule.meanPerPixel)];
  transform(
    base,
    offsets,
    float,
    count,
    channels,
    heights,
    widths,
    cropHeight,
    cropWidth,
    random,
    mirror,
    mean,
    perPixel,
    scale,
    seed,
    stream,
    ordinal,
    out,
  );
}

/** sums[e] += element e of every record. */
export const sumRecords = hostFunction('crema_sum_records', ['pointer', 'pointer', 'i32', 'i64', 'i64', 'pointer']) as (
  base: Pointer,
  offsets: BigInt64Array,
  float: 0 | 1,
  count: number,
  elements: number,
  sums: Float64Array,
) => void;

type Table = (...values: readonly (Pointer | number)[]) => bigint;
let table: Table | undefined;

/** Kinds and faults in `info` of datumTable. */
export const DATUM = { bytes: 0, floats: 1, encoded: 2, noDatum: 1, size: 2, channels: 3, mixed: 4 } as const;

/** Memory that datumTable fills, for batches of one size. */
export interface DatumColumns {
  readonly offsets: BigInt64Array;
  readonly heights: Int32Array;
  readonly widths: Int32Array;
  readonly labels: Float32Array;
  readonly bytes: BigInt64Array;
  /** kind, channels, elements, fault; then the faulty record's channels, height, width, bytes, floats, encoded. */
  readonly info: BigInt64Array;
}

/** Makes a table of Datum messages at addresses. Returns the index of the first that is at fault, or `count`. */
export function datumTable(
  addresses: BigInt64Array,
  sizes: BigInt64Array,
  count: number,
  columns: DatumColumns,
): number {
  table ??= hostLibrary().declare('crema_datum_table', 'i64', [
    ...(['pointer', 'pointer', 'i64', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'] as const),
  ]) as Table;
  const { offsets, heights, widths, labels, bytes, info } = columns;
  return Number(table(addresses, sizes, count, offsets, heights, widths, labels, bytes, info));
}

/** Copies the float_data of one Datum to `out`, which has room for all of it. */
export const datumFloats = hostFunction('crema_datum_floats', ['i64', 'i64', 'pointer']) as (
  address: bigint,
  size: bigint,
  out: Float32Array,
) => void;

/** Digits `first`… of the endless set (seed, stream): [count][28][28] grey levels, labels 0-9. */
export const drawDigits = hostFunction('crema_digits', ['u64', 'u32', 'u64', 'i64', 'pointer', 'pointer']) as (
  seed: number,
  stream: number,
  first: number,
  count: number,
  out: Uint8Array,
  labels: Float32Array,
) => void;

const images = hostFunction('crema_images', [
  ...(['u64', 'u32', 'u64', 'i64', 'i64', 'i64', 'i64', 'i64', 'pointer', 'pointer'] as const),
]);

/** Images `first`… of the endless set (seed, stream): [count][C][H][W] levels, labels below `classes`. */
export function drawImages(
  key: { readonly seed: number; readonly stream: number },
  shape: readonly [number, number, number],
  classes: number,
  first: number,
  out: Uint8Array,
  labels: Float32Array,
): void {
  images(key.seed, key.stream, first, labels.length, ...shape, classes, out, labels);
}

const fieldMeans = hostFunction('crema_field_means', [
  ...(['u64', 'u32', 'i64', 'i64', 'i64', 'i64', 'i64', 'pointer'] as const),
]);
const fields = hostFunction('crema_fields', [
  ...(['u64', 'u32', 'pointer', 'i64', 'pointer', 'i64', 'i64', 'i64', 'i64', 'pointer'] as const),
]);

type Key = { readonly seed: number; readonly stream: number };

/** Mean pictures of `classes` classes in `groups` groups: [classes][C][H][W]. */
export function drawFieldMeans(
  key: Key,
  classes: number,
  groups: number,
  shape: readonly [number, number, number],
): Float32Array {
  const means = new Float32Array(classes * shape[0] * shape[1] * shape[2]);
  fieldMeans(key.seed, key.stream, classes, groups, ...shape, means);
  return means;
}

/** Records of the given numbers around the means: [count][C][H][W] levels. Record n shows class n mod `classes`. */
export function drawFields(
  key: Key,
  means: Float32Array,
  classes: number,
  numbers: BigInt64Array,
  shape: readonly [number, number, number],
  out: Uint8Array,
): void {
  fields(key.seed, key.stream, means, classes, numbers, numbers.length, ...shape, out);
}
