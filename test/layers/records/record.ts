import type { Shape } from '../../../orchestrator/blob/index.ts';
import type { RandomStream } from '../../../orchestrator/core/index.ts';

/** How inputs are drawn. Kinds keep away from kinks: differences across one measure nothing. */
export type Kind =
  | 'normal'
  /** Above 0.5. */
  | 'positive'
  /** At least 0.2 from zero. */
  | 'nonzero'
  /** No two within 0.05: no ties for maxima. */
  | 'distinct'
  /** Rows (last axis) that are probabilities. */
  | 'probability'
  | 'binary'
  | { readonly labels: number };

export interface Input {
  readonly shape: Shape;
  readonly kind?: Kind;
  /** No gradient is asked here (labels, markers). */
  readonly fixed?: boolean;
}

export interface Shapes {
  readonly bottoms: readonly Shape[];
  readonly tops: readonly Shape[];
  /** What the layer itself computed: the only way to know its random choices. */
  readonly observed: readonly Float32Array[];
}

/** The layer's formula in double precision, row-major: tops from bottoms and params. */
export type Reference = (x: readonly Float64Array[], p: readonly Float64Array[], shapes: Shapes) => ArrayLike<number>[];

export interface GradientCase {
  /** Fields of the layer besides name, type, bottoms and tops. */
  readonly text?: string;
  readonly inputs: readonly Input[];
  readonly tops?: number;
  readonly phase?: 'TRAIN' | 'TEST';
  /** Kind of the params; those in `fixedParams` have no gradient (running statistics). */
  readonly paramKind?: Kind;
  readonly fixedParams?: boolean;
  readonly reference: Reference;
}

/** Every layer type has one: cases to differentiate, or why there is nothing to differentiate. */
export type LayerRecord =
  | { readonly type: string; readonly cases: readonly GradientCase[] }
  | { readonly type: string; readonly noGradient: string };

export const size = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);

/** Values of a kind, exact in single precision so that both sides compute from the same numbers. */
export function draw(shape: Shape, kind: Kind, random: RandomStream): Float32Array {
  const count = size(shape);
  if (typeof kind === 'object') return Float32Array.from({ length: count }, () => random.integer(kind.labels));
  if (kind === 'distinct') {
    const places = random.shuffle(Array.from({ length: count }, (_, i) => i));
    return Float32Array.from(places, (i) => (i - count / 2) * 0.1 + 0.04 * random.uniform() + 0.013);
  }
  const values = Float32Array.from({ length: count }, () => {
    const v = random.normal();
    if (kind === 'positive') return 0.5 + Math.abs(v);
    if (kind === 'nonzero') return v + 0.2 * Math.sign(v);
    if (kind === 'binary') return v > -0.5 ? 1 : 0;
    return kind === 'probability' ? Math.exp(v) : v;
  });
  if (kind !== 'probability') return values;
  const row = shape.at(-1)!;
  return values.map((v, i) => v / values.slice(i - (i % row), i - (i % row) + row).reduce((a, b) => a + b, 0));
}
