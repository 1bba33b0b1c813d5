import { dataError } from '../core/index.ts';
import { DATUM, datumFloats, parseDatums } from '../math/index.ts';
import { native } from '../native/index.ts';
import { imageSize } from './image-size.ts';
import type { RecordBatch, RecordShape } from './source.ts';
import { elementsOf } from './source.ts';

/** Turns Datum messages at addresses into a table of records. `name` and `first` (index of the first record) are for messages. */
export class DatumTable {
  private fields = new BigInt64Array(0);
  private floats = new Float32Array(0);

  read(name: string, first: number, addresses: BigInt64Array, sizes: BigInt64Array, count: number): RecordBatch {
    if (this.fields.length < count * DATUM.stride) this.fields = new BigInt64Array(count * DATUM.stride);
    const parsed = parseDatums(addresses, sizes, count, this.fields);
    if (parsed !== count)
      throw bad(name, first + parsed, `${sizes[parsed]} bytes that are no Datum message`, 'a Datum');
    const channels = this.number(0, DATUM.channels);
    const batch = {
      count,
      base: null as Float32Array | null,
      offsets: new BigInt64Array(count),
      element: 'uint8' as 'uint8' | 'float32',
      channels,
      heights: new Int32Array(count),
      widths: new Int32Array(count),
      labels: new Float32Array(count),
    };
    for (let i = 0; i < count; i++) batch.labels[i] = this.number(i, DATUM.label);
    if (this.number(0, DATUM.encoded) !== 0) return { ...batch, encoded: this.encoded(name, first, count) };

    const float = this.number(0, DATUM.bytes) === 0 && this.number(0, DATUM.floats) > 0;
    let elements = 0;
    for (let i = 0; i < count; i++) {
      batch.heights[i] = this.number(i, DATUM.height);
      batch.widths[i] = this.number(i, DATUM.width);
      const size = this.checkRecord(name, first + i, i, channels, float);
      batch.offsets[i] = float ? BigInt(elements * 4) : this.fields[i * DATUM.stride + DATUM.data]!;
      elements += size;
    }
    if (float) {
      if (this.floats.length < elements) this.floats = new Float32Array(elements);
      for (let i = 0; i < count; i++) {
        datumFloats(addresses[i]!, sizes[i]!, this.floats.subarray(Number(batch.offsets[i]) / 4));
      }
      batch.base = this.floats;
      batch.element = 'float32';
    }
    return batch;
  }

  private number(record: number, field: number): number {
    return Number(this.fields[record * DATUM.stride + field]);
  }

  /** Elements of an uncompressed record whose dimensions and payload agree. */
  private checkRecord(name: string, index: number, i: number, channels: number, float: boolean): number {
    const [c, h, w] = [this.number(i, DATUM.channels), this.number(i, DATUM.height), this.number(i, DATUM.width)];
    if (this.number(i, DATUM.encoded) !== 0)
      throw bad(name, index, 'is compressed', 'elements, as in the first of its batch');
    if (c !== channels) throw bad(name, index, `has ${c} channels`, `${channels}, as the first of its batch`);
    const size = c * h * w;
    const payload = float ? this.number(i, DATUM.floats) : this.number(i, DATUM.bytes);
    if (c <= 0 || h <= 0 || w <= 0 || payload !== size) {
      throw bad(name, index, `has ${payload} ${float ? 'floats' : 'bytes'} for ${c}×${h}×${w}`, `${Math.max(size, 1)}`);
    }
    return size;
  }

  private encoded(name: string, first: number, count: number): Uint8Array[] {
    return Array.from({ length: count }, (_, i) => {
      if (this.number(i, DATUM.encoded) === 0)
        throw bad(name, first + i, 'is not compressed', 'a picture, as the first of its batch');
      const length = this.number(i, DATUM.bytes);
      if (length === 0) throw bad(name, first + i, 'is compressed and empty', 'a JPEG or PNG file');
      return native()
        .view(BigInt.asUintN(64, this.fields[i * DATUM.stride + DATUM.data]!), length)
        .slice();
    });
  }
}

function bad(name: string, index: number, message: string, expected: string) {
  return dataError({ message: `${name}, record ${index}: ${message}`, expected, code: 'bad-datum' });
}

/** Shape of the first record of a table. A compressed one tells it in its header. */
export function shapeOf(batch: RecordBatch, name: string): RecordShape {
  const picture = batch.encoded?.[0];
  if (!picture) return [batch.channels, batch.heights[0]!, batch.widths[0]!];
  const size = imageSize(picture);
  if (!size) throw bad(name, 0, 'is compressed in a format we do not read', 'JPEG or PNG');
  // As decodePicture decodes: grey stays grey, everything else is three colours, alpha is dropped.
  return [size.channels < 3 ? 1 : 3, size.height, size.width];
}

function varint(out: number[], value: number): void {
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    out.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  out.push(Number(rest));
}

/** A Datum as Caffe's converters write it: fields in order, elements as bytes, or a compressed picture where `encoded`. */
export function encodeDatum(shape: RecordShape, data: Uint8Array, label: number, encoded = false): Uint8Array {
  if (!encoded && data.length !== elementsOf(shape)) {
    throw dataError({
      message: `${data.length} bytes for a record of ${shape.join('×')}`,
      expected: `${elementsOf(shape)}`,
    });
  }
  const head: number[] = [];
  shape.forEach((dim, i) => {
    head.push(((i + 1) << 3) | 0);
    varint(head, dim);
  });
  head.push((4 << 3) | 2);
  varint(head, data.length);
  const tail: number[] = [5 << 3];
  varint(tail, label);
  if (encoded) tail.push(7 << 3, 1);
  const out = new Uint8Array(head.length + data.length + tail.length);
  out.set(head);
  out.set(data, head.length);
  out.set(tail, head.length + data.length);
  return out;
}
