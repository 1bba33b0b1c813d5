import { Blob, type Layout, NCHW, type Shape } from '../../orchestrator/blob/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';
import { layerTypes, type Phase } from '../../orchestrator/layers/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { blobOf, rowMajor } from './golden-case.ts';

export interface RunOptions {
  readonly layout?: Layout;
  readonly inPlace?: boolean;
  readonly phase?: Phase;
  readonly seed?: number;
  /** Makes value i of a tensor. */
  readonly value?: (random: RandomStream) => number;
}

export interface Run {
  readonly tops: Float32Array[];
  readonly bottomDiffs: Float32Array[];
  readonly paramDiffs: Float32Array[];
  readonly params: Float32Array[];
  /** What was put in, row-major. */
  readonly bottoms: Float32Array[];
  readonly topDiff: Float32Array;
  readonly topShape: Shape;
}

/** One forward and one backward of a layer given by its text, with random numbers in: results in row-major order. */
export function runLayer(text: string, shapes: readonly Shape[], options: RunOptions = {}): Run {
  const { layout = NCHW, inPlace = false, phase = 'TRAIN', seed = 1 } = options;
  const names = shapes.map((_, i) => `bottom: "b${i}"`).join(' ');
  const tops = /top:/.test(text) ? '' : 'top: "t"';
  const param = parseNet(`layer { name: "l" ${names} ${tops} ${text} }`, 'test.prototxt').layer[0]!;
  const random = new RandomStream(seed, 'l');
  const layer = layerTypes.get(param.type)!.create(param, { phase, random, resolve: (path) => path });
  const topShapes = layer.reshape(shapes);
  const draw = options.value ?? ((r: RandomStream) => r.uniform() * 2 - 1);
  const numbers = (shape: Shape, name: string) => {
    const stream = new RandomStream(seed, name);
    return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => draw(stream));
  };
  const inputs = shapes.map((shape, i) => numbers(shape, `bottom ${i}`));
  const bottoms = shapes.map((shape, i) => blobOf(`b${i}`, shape, inputs[i]!, layout));
  const outputs = topShapes.map((shape, i) => {
    const shared = inPlace && i === 0 ? { data: bottoms[0]!.dataTensor, diff: bottoms[0]!.diffTensor } : {};
    return new Blob(`t${i}`, shape, layout, shared);
  });
  const params = layer.params.map(({ name, shape }) => blobOf(name, shape, numbers(shape, name), NCHW));
  layer.forward(bottoms, outputs, params);
  const values = outputs.map((blob) => rowMajor(blob));
  const topDiff = numbers(topShapes[0]!, 'top diff');
  outputs[0]!.diff.set(blobOf('d', topShapes[0]!, topDiff, layout).data);
  layer.backward?.(
    outputs,
    shapes.map(() => true),
    bottoms,
    params,
    params.map(() => true),
  );
  return {
    tops: values.map((v) => v.slice()),
    bottomDiffs: bottoms.map((b) => rowMajor(b, 'diff')),
    paramDiffs: params.map((p) => p.diff.slice()),
    params: params.map((p) => p.data.slice()),
    bottoms: inputs,
    topDiff,
    topShape: topShapes[0]!,
  };
}

/** Largest |a - b| over the largest magnitude of b. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let scale = 1e-6;
  let worst = 0;
  for (let i = 0; i < b.length; i++) {
    scale = Math.max(scale, Math.abs(b[i]!));
    worst = Math.max(worst, Number.isNaN(a[i]!) ? Number.POSITIVE_INFINITY : Math.abs(a[i]! - b[i]!));
  }
  return worst / scale;
}
