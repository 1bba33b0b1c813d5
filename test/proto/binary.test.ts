import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  create,
  decode,
  encode,
  readBlob,
  readDatum,
  readSolverState,
  readWeights,
  shapeFits,
  writeBlob,
  writeDatum,
  writeSolverState,
  writeWeights,
} from '../../orchestrator/proto/index.ts';

const interop = join(import.meta.dirname, '../../../shared/golden/interop');
const present = existsSync(interop);
if (!present) console.log("notice: no ../shared/golden/interop; Caffe's own files are not read");
const load = (name: string): Buffer => readFileSync(join(interop, name));

describe.skipIf(!present)("Caffe's files", () => {
  it.each(['tiny_sgd_iter_6', 'tiny_adam_iter_6'])('%s are written back byte for byte', (name) => {
    const model = load(`${name}.caffemodel`);
    expect(Buffer.compare(encode('NetParameter', decode('NetParameter', model)), model)).toBe(0);
    const state = load(`${name}.solverstate`);
    expect(Buffer.compare(writeSolverState(readSolverState(state)), state)).toBe(0);
    expect(readSolverState(state)).toMatchObject({ iter: 6, learned_net: `${name}.caffemodel`, current_step: 1 });
  });

  it('weights are found by layer', () => {
    const { name, layers } = readWeights(load('tiny_sgd_iter_6.caffemodel'));
    expect(name).toBe('tiny');
    const shapes = layers.filter((l) => l.blobs.length > 0).map((l) => [l.name, l.type, l.blobs.map((b) => b.shape)]);
    expect(shapes[0]).toEqual(['conv1', 'Convolution', [[3, 2, 3, 3], [3]]]);
    expect(layers.find((l) => l.name === 'ip_1')!.blobs[0]!.data).toBeInstanceOf(Float32Array);
  });

  it('a file of the second layer form, four-axis blobs', () => {
    const { layers } = readWeights(load('v1_legacy.caffemodel'));
    expect(layers.map((l) => [l.name, l.type])).toEqual([
      ['conv1', 'Convolution'],
      ['fc', 'InnerProduct'],
    ]);
    const [weights, bias] = layers[1]!.blobs;
    expect(shapeFits(weights!, [6, 128])).toBe(true);
    expect(shapeFits(bias!, [6])).toBe(true);
    expect(shapeFits(bias!, [1, 6, 1])).toBe(false);
  });

  it('both forms of a mean image hold the same', () => {
    const today = readBlob(load('mean.binaryproto'), 'mean');
    const legacy = readBlob(load('mean_legacy_dims.binaryproto'), 'mean');
    expect(today.shape).toEqual(legacy.shape);
    expect(today.data).toEqual(legacy.data);
    expect(Buffer.compare(writeBlob(today), load('mean.binaryproto'))).toBe(0);
  });
});

describe('weights', () => {
  const blob = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, Number.NaN) };

  it('come back as they were written', () => {
    const bytes = writeWeights({ name: 'n', layers: [{ name: 'a', type: 'InnerProduct', blobs: [blob] }] });
    expect(readWeights(bytes)).toEqual({ name: 'n', layers: [{ name: 'a', type: 'InnerProduct', blobs: [blob] }] });
  });

  it('come from double precision, from unpacked floats and from the first form too', () => {
    const doubles = create('BlobProto', { shape: { dim: [2] }, double_data: [0.5, 0.1] });
    const v0 = create('NetParameter', { layers: [{ layer: { name: 'c', type: 'conv', blobs: [doubles] } }] });
    const [layer] = readWeights(encode('NetParameter', v0)).layers;
    expect(layer).toMatchObject({ name: 'c', type: 'Convolution' });
    expect(layer!.blobs[0]!.data).toEqual(Float32Array.of(0.5, Math.fround(0.1)));
    // Field 5 unpacked: tag 0x2d before each float.
    const unpacked = Buffer.from('2d0000803f2d00000040', 'hex');
    expect(decode('BlobProto', unpacked).data).toEqual([1, 2]);
  });

  it('of another count than their shape are refused', () => {
    const wrong = create('LayerParameter', { name: 'a', blobs: [{ shape: { dim: [4] }, data: [1] }] });
    const bytes = encode('NetParameter', create('NetParameter', { layer: [wrong] }));
    expect(() => readWeights(bytes, 'w.caffemodel')).toThrow(
      'w.caffemodel: blob 0 of layer "a": 1 values for the shape [4]',
    );
  });

  it('of 100 MB pass without JavaScript arrays', () => {
    const large = { shape: [25, 1_000_000], data: new Float32Array(25_000_000).fill(0.5) };
    const bytes = writeWeights({ name: 'n', layers: [{ name: 'a', type: 'InnerProduct', blobs: [large] }] });
    const before = process.memoryUsage().heapUsed;
    const read = readWeights(bytes);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
    expect(read.layers[0]!.blobs[0]!.data.length).toBe(25_000_000);
  });
});

describe('records', () => {
  it('come back as they were written', () => {
    const image = { channels: 1, height: 2, width: 2, label: 7, data: Uint8Array.of(1, 2, 3, 4) };
    expect(readDatum(writeDatum(image))).toMatchObject(image);
    const floats = { channels: 3, height: 1, width: 1, label: -1, floatData: Float32Array.of(0.5, -1, 2) };
    expect(readDatum(writeDatum(floats))).toMatchObject(floats);
    expect(readDatum(writeDatum({ data: Uint8Array.of(255), encoded: true })).encoded).toBe(true);
  });

  it('have fields in any order, unknown ones too', () => {
    // label 3, unknown field 15 of each layout, float 1.0, height 2, float 2.0
    const bytes = Buffer.from('2803' + '7801' + '7a0100' + '7d00000000' + '350000803f' + '1002' + '3500000040', 'hex');
    expect(readDatum(bytes)).toMatchObject({ label: 3, height: 2, floatData: Float32Array.of(1, 2) });
  });

  it('cut short are refused with the byte', () => {
    const bytes = writeDatum({ channels: 1, height: 2, width: 2, data: new Uint8Array(4) });
    expect(() => readDatum(bytes.subarray(0, -2), 'record 5')).toThrow(/record 5: .* at byte 8/);
  });
});

describe('malformed input', () => {
  it.each([
    ['an endless varint', 'ffffffffffffffffffffff'],
    ['a length beyond the end', '0aff01'],
    ['a field number of zero', '00'],
    ['an open group', '7b'],
    ['a stray end of group', '7c'],
  ])('%s is refused', (_, hex) => {
    expect(() => decode('NetParameter', Buffer.from(hex, 'hex'))).toThrow(/at byte/);
  });

  it('groups 100,000 deep are left out without recursion', () => {
    const depth = 100_000;
    const bytes = Buffer.concat([Buffer.alloc(depth, 0x7b), Buffer.alloc(depth, 0x7c), Buffer.from('0a0161', 'hex')]);
    expect(decode('NetParameter', bytes).name).toBe('a');
  });

  it('nets, states and shapes of more than any machine builds are refused at the first entry too many', () => {
    vi.stubEnv('CREMA_MAX_LAYERS', '10');
    const repeated = (hex: string, times: number) => Buffer.from(hex.repeat(times), 'hex');
    // Empty layers of both forms, bottoms of one layer, blobs of one layer, empty blobs of a state.
    expect(decode('NetParameter', repeated('a20600', 10)).layer).toHaveLength(10);
    expect(() => readWeights(repeated('a20600', 11), 'w')).toThrow('w: more than 10 layers at byte 32');
    expect(() => readWeights(repeated('1200', 11))).toThrow('more than 10 layers at byte 21');
    const layer = (entry: string, times: number) =>
      Buffer.concat([Buffer.from([0xa2, 6, (entry.length / 2) * times]), repeated(entry, times)]);
    expect(decode('NetParameter', layer('1a00', 60)).layer[0]!.bottom).toHaveLength(60);
    expect(() => readWeights(layer('1a00', 61))).toThrow(/more than 60 entries of lists at byte 124/);
    expect(() => readWeights(layer('3a00', 61))).toThrow(/more than 60 entries/);
    expect(() => readSolverState(repeated('1a00', 61), 's')).toThrow(/s: more than 60 entries/);
    expect(() => readBlob(Buffer.from(`3a3f0a3d${'01'.repeat(61)}`, 'hex'), 'b')).toThrow(/b: more than 60 entries/);
    vi.unstubAllEnvs();
    expect(() => readBlob(Buffer.from(`3a230a21${'01'.repeat(33)}`, 'hex'), 'b')).toThrow('b: 33 axes');
  });

  it('numbers of blobs and records are as many as there are', () => {
    vi.stubEnv('CREMA_MAX_LAYERS', '10');
    const floats = (tag: string) => Buffer.from(`${tag}0000803f`.repeat(1000), 'hex');
    const blob = Buffer.concat([floats('2d'), Buffer.from('3a040a02e807', 'hex')]);
    expect(readBlob(blob, 'b').data).toEqual(new Float32Array(1000).fill(1));
    expect(decode('Datum', floats('35')).float_data).toHaveLength(1000);
    vi.unstubAllEnvs();
  });

  it('missing required fields are named', () => {
    expect(() => decode('LayerParameter', Buffer.from('a20900', 'hex'))).toThrow('clip_param.min, clip_param.max');
  });
});
