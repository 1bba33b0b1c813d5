import { type Blob, type Shape, sameShape, storedCount } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import * as math from '../math/eltwise.ts';
import { create, type EltwiseParameter, EltwiseParameter_EltwiseOp as Op } from '../proto/index.ts';
import { shapeText } from './axes.ts';
import type { Layer, LayerType } from './layer.ts';
import { sameMemory } from './neuron.ts';

class Eltwise implements Layer {
  readonly params = [];
  private readonly operation: Op;
  private readonly coefficients: readonly number[];
  private readonly stable: boolean;
  private mask = new Int32Array(0);
  /** First bottom of a product computed in place, whose backward needs it. */
  private saved: Float32Array | undefined;

  constructor(settings: EltwiseParameter) {
    this.operation = settings.operation;
    this.coefficients = settings.coeff;
    this.stable = settings.stable_prod_grad;
  }

  privateBytes(): number {
    return this.mask.byteLength + (this.saved?.byteLength ?? 0);
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const refuse = (message: string, path: string, expected: string, code: string) =>
      inputError({ message, path, expected, code });
    const given = this.coefficients.length;
    if (given > 0 && given !== bottoms.length) {
      const message = `${given} coefficients for ${bottoms.length} bottoms`;
      throw refuse(message, 'eltwise_param > coeff', 'none, or one for each bottom', 'eltwise-coeff');
    }
    if (given > 0 && this.operation === Op.PROD) {
      throw refuse('PROD takes no coefficients', 'eltwise_param > coeff', 'coeff with SUM only', 'eltwise-coeff');
    }
    bottoms.forEach((shape, i) => {
      if (sameShape(shape, bottoms[0]!)) return;
      const message = `bottom 0 is ${shapeText(bottoms[0]!)}, bottom ${i} is ${shapeText(shape)}`;
      throw refuse(message, `bottom[${i}]`, 'bottoms of one shape', 'eltwise-shape');
    });
    return [bottoms[0]!];
  }

  private coefficient = (i: number): number => this.coefficients[i] ?? 1;

  forward(bottoms: readonly Blob[], [top]: readonly Blob[], _params: readonly Blob[] = [], keep = true): void {
    const out = top!.data;
    const n = storedCount(top!.shape, top!.layout);
    const x = bottoms.map((b) => b.data);
    if (this.operation === Op.SUM) {
      math.weightedSum(n, this.coefficient(0), x[0]!, this.coefficient(1), x[1]!, out);
      for (let i = 2; i < x.length; i++) math.accumulate(n, this.coefficient(i), x[i]!, out);
    } else if (this.operation === Op.PROD) {
      if (keep && sameMemory(x[0]!, out)) this.saved = x[0]!.slice(0, n);
      math.product(n, x[0]!, x[1]!, out);
      for (let i = 2; i < x.length; i++) math.product(n, out, x[i]!, out);
    } else {
      if (this.mask.length !== n) this.mask = new Int32Array(n);
      math.maximum(n, x[0]!, x[1]!, out, this.mask);
      for (let i = 2; i < x.length; i++) math.maximumNext(n, x[i]!, out, this.mask, i);
    }
  }

  backward([top]: readonly Blob[], wanted: readonly boolean[], bottoms: readonly Blob[]): void {
    const n = storedCount(top!.shape, top!.layout);
    // Last to first: in place, bottom 0's gradient is the top's, which the others still read.
    for (let i = bottoms.length - 1; i >= 0; i--) {
      if (!wanted[i]) continue;
      const dx = bottoms[i]!.diff;
      if (this.operation === Op.SUM) math.scaleInto(n, this.coefficient(i), top!.diff, dx);
      else if (this.operation === Op.MAX) math.maximumBackward(n, this.mask, i, top!.diff, dx);
      else this.productGradient(n, i, top!, bottoms, dx);
    }
  }

  private productGradient(n: number, i: number, top: Blob, bottoms: readonly Blob[], dx: Float32Array): void {
    const value = (j: number) => (j === 0 && this.saved ? this.saved : bottoms[j]!.data);
    if (!this.stable) {
      math.quotient(n, top.data, value(i), top.diff, dx);
      return;
    }
    const others = bottoms.map((_, j) => j).filter((j) => j !== i);
    math.product(n, value(others[0]!), top.diff, dx);
    for (const j of others.slice(1)) math.product(n, dx, value(j), dx);
  }
}

/** Sum (with coefficients), product or maximum of bottoms of one shape. */
export const eltwiseLayer: LayerType = {
  type: 'Eltwise',
  bottoms: { min: 2, max: Number.MAX_SAFE_INTEGER },
  tops: { min: 1, max: 1 },
  layouts: 'any',
  inPlace: true,
  backwardReads(param) {
    const product = param.eltwise_param?.operation === Op.PROD;
    return { bottoms: product, tops: product && !param.eltwise_param!.stable_prod_grad };
  },
  plannedBytes(param, { tops, inPlace, backward }) {
    const operation = param.eltwise_param?.operation;
    return operation === Op.MAX || (operation === Op.PROD && inPlace && backward) ? 4 * tops[0]!.stored : 0;
  },
  create: (param) => new Eltwise(param.eltwise_param ?? create('EltwiseParameter')),
};
