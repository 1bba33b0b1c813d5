import { dataError } from '../core/index.ts';
import { DATUM, type DatumColumns, datumFloats, datumTable } from '../math/index.ts';
import { native } from '../native/index.ts';
import { imageSize } from './image-size.ts';
import type { RecordBatch, RecordShape } from './source.ts';
import { elementsOf } from './source.ts';

/** Turns Datum messages at addresses into a table of records. `name` and `first` (index of the first record) are for messages. */
export class DatumTable {
  private columns: DatumColumns | undefined;
  private floats = new Float32Array(0);

  read(name: string, first: number, addresses: BigInt64Array, sizes: BigInt64Array, count: number): RecordBatch {
    if (this.columns?.labels.length !== count) this.columns = makeColumns(count);
    const columns = this.columns;
    const good = datumTable(addresses, sizes, count, columns);
    const [kind, channels, elements, ...fault] = Array.from(columns.info, Number) as [
      number,
      number,
      number,
      ...number[],
    ];
    if (good !== count) throw faultOf(name, first + good, fault, channels);
    const { offsets, heights, widths, labels } = columns;
    const batch = { count, base: null, offsets, element: 'uint8' as const, channels, heights, widths, labels };
    if (kind === DATUM.bytes) return batch;
    if (kind === DATUM.encoded) return { ...batch, encoded: pictures(columns, count) };
    if (this.floats.length < elements) this.floats = new Float32Array(elements);
    for (let i = 0; i < count; i++) {
      datumFloats(addresses[i]!, sizes[i]!, this.floats.subarray(Number(offsets[i]) / 4));
    }
    return { ...batch, base: this.floats, element: 'float32' };
  }
}

function makeColumns(count: number): DatumColumns {
  return {
    offsets: new BigInt64Array(count),
    heights: new Int32Array(count),
    widths: new Int32Array(count),
    labels: new Float32Array(count),
    bytes: new BigInt64Array(count),
    info: new BigInt64Array(10),
  };
}

/** Copies of the compressed pictures: decoding outlives the table. */
function pictures(columns: DatumColumns, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) =>
    native().view(BigInt.asUintN(64, columns.offsets[i]!), Number(columns.bytes[i])).slice(),
  );
}

function faultOf(name: string, index: number, fault: readonly number[], channels: number) {
  const [kind, c, h, w, bytes, floats, encoded] = fault;
  if (kind === DATUM.noDatum) return bad(name, index, 'is no Datum message', 'a Datum');
  if (kind === DATUM.mixed)
    return bad(name, index, 'holds another kind of values than the first of its batch', 'one kind');
  if (kind === DATUM.channels) return bad(name, index, `has ${c} channels`, `${channels}, as the first of its batch`);
  if (encoded) return bad(name, index, 'is compressed and empty', 'a JPEG or PNG file');
  const payload = bytes! > 0 ? `${bytes} bytes` : `${floats} floats`;
  return bad(name, index, `has ${payload} for ${c}×${h}×${w}`, 'dimensions above 0 and as many values');
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
