import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Blob, type Layout, NCHW, type Shape } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { type Layer, type LayerContext, type LayerType, layerTypes } from '../../orchestrator/layers/index.ts';
import { reorder } from '../../orchestrator/math/layout.ts';
import { type LayerParameter, parseNet } from '../../orchestrator/proto/index.ts';

export interface GoldenTensor {
  readonly role: string;
  readonly index: number;
  readonly shape: Shape;
  readonly offset: number;
  readonly count: number;
  readonly step?: number;
  readonly maxabs?: number;
}

export interface GoldenCase {
  readonly name: string;
  readonly type: string;
  readonly phase: 'TRAIN' | 'TEST';
  readonly prototxt: string;
  readonly file: string;
  readonly propagate_down?: boolean[];
  readonly backward?: boolean;
  readonly loss?: number;
  readonly loss_weight?: number[];
  readonly steps?: number;
  readonly tensors: GoldenTensor[];
}

const complete = join('..', 'shared', 'golden', 'layers');
/** The whole reference collection where it lies beside the repository, else the two smallest cases of each type. */
export const goldenFolder = existsSync(complete) ? complete : join('test', 'golden', 'layers');

export function goldenCases(): GoldenCase[] {
  return JSON.parse(readFileSync(join(goldenFolder, 'index.json'), 'utf8')).cases;
}

export function context(phase: 'TRAIN' | 'TEST' = 'TRAIN', folder = '.'): LayerContext {
  return { phase, random: new RandomStream(1, 'test'), resolve: (path) => join(folder, path) };
}

/** The layer of a prototxt of one layer, with its message. */
export function layerOf(prototxt: string, ctx = context()): { param: LayerParameter; type: LayerType; layer: Layer } {
  const param = parseNet(prototxt, 'case.prototxt').layer[0]!;
  const type = layerTypes.get(param.type)!;
  return { param, type, layer: type.create(param, ctx) };
}

/** A blob in a layout, filled from row-major values. */
export function blobOf(name: string, shape: Shape, values: ArrayLike<number>, layout: Layout = NCHW): Blob {
  const blob = new Blob(name, shape, layout);
  reorder(Float32Array.from(values), NCHW, blob.data, layout, shape);
  return blob;
}

/** Values of a blob in row-major order. */
export function rowMajor(blob: Blob, part: 'data' | 'diff' = 'data'): Float32Array {
  const out = new Float32Array(blob.count);
  reorder(blob[part], blob.layout, out, NCHW, blob.shape);
  return out;
}

/** Runs a case and returns every difference above the README's tolerance, in words. */
export function runCase(golden: GoldenCase, layout: Layout = NCHW): string[] {
  const failures: string[] = [];
  const bytes = readFileSync(join(goldenFolder, golden.file));
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const values = (t: GoldenTensor) => all.subarray(t.offset, t.offset + t.count);
  const role = (name: string) => golden.tensors.filter((t) => t.role === name);
  const compare = (what: string, got: Float32Array, tensor: GoldenTensor) => {
    const want = values(tensor);
    const limit = 1e-5 * (tensor.maxabs ?? want.reduce((m, v) => Math.max(m, Math.abs(v)), 0)) + 1e-7;
    for (let i = 0; i < want.length; i++) {
      if (Math.abs(got[i]! - want[i]!) <= limit) continue;
      failures.push(`${what}[${i}] is ${got[i]}, wanted ${want[i]} (limit ${limit})`);
      return;
    }
  };
  const { layer } = layerOf(golden.prototxt, context(golden.phase, dirname(join(goldenFolder, golden.file))));
  const bottoms = role('bottom').map((t) => blobOf(`bottom${t.index}`, t.shape, values(t), layout));
  const shapes = layer.reshape(bottoms.map((b) => b.shape));
  const tops = shapes.map((shape, i) => new Blob(`top${i}`, shape, layout));
  const params = role('param').map((t) => blobOf(`param${t.index}`, t.shape, values(t)));
  layer.params.forEach((p, i) => {
    if (p.shape.join() !== params[i]?.shape.join())
      failures.push(`param ${i} is [${p.shape}], wanted [${params[i]?.shape}]`);
  });
  for (let step = 0; step < (golden.steps ?? 1); step++) {
    layer.forward(bottoms, tops, params);
    for (const t of role('top').filter((x) => (x.step ?? 0) === step)) {
      const shape = layer.lastShapes?.[t.index] ?? shapes[t.index]!;
      if (shape.join() !== t.shape.join()) failures.push(`top ${t.index} is [${shape}], wanted [${t.shape}]`);
      compare(`top ${t.index}`, rowMajor(tops[t.index]!), t);
    }
  }
  if (golden.backward === false || !layer.backward) return failures;
  tops.forEach((top, i) => {
    const given = role('top_diff').find((t) => t.index === i);
    if (given) reorder(values(given), NCHW, top.diff, layout, top.shape);
    else top.diff.fill(golden.loss_weight?.[i] ?? 0);
  });
  layer.backward(
    tops,
    golden.propagate_down ?? bottoms.map(() => true),
    bottoms,
    params,
    params.map(() => true),
  );
  for (const t of role('bottom_diff')) compare(`bottom_diff ${t.index}`, rowMajor(bottoms[t.index]!, 'diff'), t);
  for (const t of role('param_diff')) compare(`param_diff ${t.index}`, params[t.index]!.diff, t);
  return failures;
}
