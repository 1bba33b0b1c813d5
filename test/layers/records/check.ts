import { Blob } from '../../../orchestrator/blob/index.ts';
import { RandomStream } from '../../../orchestrator/core/index.ts';
import { blobOf, context, layerOf } from '../golden-case.ts';
import { draw, type GradientCase, type Shapes } from './record.ts';

/** Gradients may differ by 1e-5 + 1e-3 |n|; as one figure: |a - n| / (0.01 + |n|) is at most this. */
export const LIMIT = 1e-3;
const STEP = 1e-5;

export interface Worst {
  /** |a - n| / (0.01 + |n|), the largest. */
  readonly error: number;
  readonly where: string;
}

function textOf(type: string, test: GradientCase): string {
  const bottoms = test.inputs.map((_, i) => `bottom: "b${i}"`).join(' ');
  const tops = Array.from({ length: test.tops ?? 1 }, (_, i) => `top: "t${i}"`).join(' ');
  return `layer { name: "l" type: "${type}" ${bottoms} ${tops} ${test.text ?? ''} }`;
}

/** Runs a layer forward and backward on the host and compares its gradients with differences of the reference. */
export function checkCase(type: string, test: GradientCase): { forward: Worst; backward: Worst } {
  const random = new RandomStream(11, type);
  const { layer } = layerOf(textOf(type, test), context(test.phase ?? 'TRAIN'));
  const bottoms = test.inputs.map(({ shape, kind }, i) =>
    blobOf(`b${i}`, shape, draw(shape, kind ?? 'normal', random)),
  );
  const topShapes = layer.reshape(bottoms.map((b) => b.shape));
  const tops = topShapes.map((shape, i) => new Blob(`t${i}`, shape));
  const params = layer.params.map((p) => blobOf(p.name, p.shape, draw(p.shape, test.paramKind ?? 'normal', random)));
  const x = bottoms.map((b) => Float64Array.from(b.data));
  const p = params.map((b) => Float64Array.from(b.data));
  layer.forward(bottoms, tops, params);
  const shapes: Shapes = {
    bottoms: bottoms.map((b) => b.shape),
    tops: topShapes,
    observed: tops.map((t) => t.data.slice()),
  };
  const forward = new Comparison();
  test.reference(x, p, shapes).forEach((wanted, i) => {
    for (let j = 0; j < wanted.length; j++) forward.add(tops[i]!.data[j]!, wanted[j]!, `top ${i} [${j}]`);
  });
  for (const top of tops) top.diff.set(draw(top.shape, 'nonzero', random));
  layer.backward!(
    tops,
    test.inputs.map((input) => !input.fixed),
    bottoms,
    params,
    params.map(() => !test.fixedParams),
  );
  const objective = () => {
    const values = test.reference(x, p, shapes);
    let sum = 0;
    values.forEach((v, i) => {
      for (let j = 0; j < v.length; j++) sum += v[j]! * tops[i]!.diff[j]!;
    });
    return sum;
  };
  const slope = (values: Float64Array, j: number) => {
    const at = values[j]!;
    values[j] = at + STEP;
    const above = objective();
    values[j] = at - STEP;
    const below = objective();
    values[j] = at;
    return (above - below) / (2 * STEP);
  };
  const backward = new Comparison();
  const visit = (blob: Blob, values: Float64Array, name: string) => {
    for (let j = 0; j < values.length; j++) backward.add(blob.diff[j]!, slope(values, j), `${name} [${j}]`);
  };
  bottoms.forEach((b, i) => {
    if (!test.inputs[i]!.fixed) visit(b, x[i]!, b.name);
  });
  if (!test.fixedParams) for (const [i, b] of params.entries()) visit(b, p[i]!, b.name);
  return { forward, backward };
}

class Comparison implements Worst {
  error = 0;
  where = '';

  add(got: number, wanted: number, where: string): void {
    const error = Math.abs(got - wanted) / (0.01 + Math.abs(wanted));
    if (error <= this.error) return;
    this.error = Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
    this.where = `${where}: ${got}, reference ${wanted}`;
  }
}
