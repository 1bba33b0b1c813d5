import { packedFloats } from './decode.ts';
import { encode } from './encode.ts';
import { create } from './message.ts';
import { Wire, WireReader } from './wire.ts';

/** One database record. `data` is C x H x W bytes or an encoded image; where it is empty, `floatData` has the values. */
export interface DatumRecord {
  channels: number;
  height: number;
  width: number;
  label: number;
  encoded: boolean;
  /** A view of the bytes given to `readDatum`, not a copy. */
  data: Uint8Array;
  floatData: Float32Array;
}

const noBytes = new Uint8Array(0);
const noFloats = new Float32Array(0);

/** Unpacked floats come one by one with a tag each; writers put them side by side, so their number follows from the rest. */
function unpackedFloats(reader: WireReader, tag: number): Float32Array {
  const most = Math.ceil((reader.end - reader.position + 1) / 5);
  const values = new Float32Array(most);
  let count = 0;
  for (;;) {
    values[count++] = reader.float();
    const at = reader.position;
    if (reader.tag() === tag) continue;
    reader.position = at;
    return values.subarray(0, count);
  }
}

function append(before: Float32Array, after: Float32Array): Float32Array {
  if (before.length === 0) return after;
  const joined = new Float32Array(before.length + after.length);
  joined.set(before);
  joined.set(after, before.length);
  return joined;
}

const FLOATS = 6;

/** Reads a Datum; a loop over the seven fields by hand, since data layers do this for every image. */
export function readDatum(bytes: Uint8Array, what = 'Datum'): DatumRecord {
  const record: DatumRecord = {
    channels: 0,
    height: 0,
    width: 0,
    label: 0,
    encoded: false,
    data: noBytes,
    floatData: noFloats,
  };
  const reader = new WireReader(bytes, what);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 1 * 8 + Wire.varint) record.channels = reader.varint32();
    else if (tag === 2 * 8 + Wire.varint) record.height = reader.varint32();
    else if (tag === 3 * 8 + Wire.varint) record.width = reader.varint32();
    else if (tag === 4 * 8 + Wire.bytes) record.data = reader.chunk();
    else if (tag === 5 * 8 + Wire.varint) record.label = reader.varint32();
    else if (tag === 7 * 8 + Wire.varint) record.encoded = reader.varint32() !== 0;
    else if (tag === FLOATS * 8 + Wire.fixed32)
      record.floatData = append(record.floatData, unpackedFloats(reader, tag));
    else if (tag === FLOATS * 8 + Wire.bytes) record.floatData = append(record.floatData, packedFloats(reader.chunk()));
    else reader.skip(tag);
  }
  return record;
}

/** The binary form of a record, for databases that Caffe reads. */
export function writeDatum(record: Partial<DatumRecord>): Buffer {
  const { channels, height, width, label, encoded, data, floatData } = record;
  const message = create('Datum');
  if (channels !== undefined) message.channels = channels;
  if (height !== undefined) message.height = height;
  if (width !== undefined) message.width = width;
  if (data && data.length > 0) message.data = data;
  if (label !== undefined) message.label = label;
  if (floatData && floatData.length > 0) message.float_data = Array.from(floatData);
  if (encoded) message.encoded = true;
  return encode('Datum', message);
}
