import { CremaError, inputError } from '../core/index.ts';
import { diversityAdd } from '../math/integer.ts';
import { type WindowRule, windowEnds } from './policy.ts';

export type TensorKind = 'weights' | 'bias' | 'other';

/** Two numbers per parameter tensor are all that gradient diversity needs of a window. */
export interface GradientStatistics {
  readonly layer: string;
  readonly tensor: string;
  /** weights: the matrix of a convolution or inner product; bias: its bias; other: BatchNorm, Scale, … */
  readonly kind: TensorKind;
  /** Sum over epochs of the squared norm of the gradient. */
  readonly squares: number;
  /** Squared norm of the sum of the gradients. */
  readonly sumSquares: number;
}

/** A zero sum would make diversity infinite: the ratio is held to 2^40. */
const MOST = 2 ** 40;

const ratio = (squares: number, sumSquares: number): number => squares / Math.max(sumSquares, squares / MOST);

/**
 * Inter-epoch gradient diversity, D = mean of Σ‖g‖² / ‖Σg‖² (Rajagopal et al. 2020, equation 7): 1 for orthogonal gradients, 1/n for n
 * equal ones. `tensor`: the mean over parameter tensors; `layer`: over layers, whose tensors count as one vector.
 * Tensors without any gradient do not count; undefined where none has one. Throws `diverged` where a sum is not finite.
 */
export function meanDiversity(
  gradients: readonly GradientStatistics[],
  mean: 'tensor' | 'layer',
  include: 'all' | 'weights',
): number | undefined {
  const sums = new Map<string, { squares: number; sumSquares: number }>();
  for (const g of gradients) {
    if (include === 'weights' && g.kind !== 'weights') continue;
    if (!Number.isFinite(g.squares) || !Number.isFinite(g.sumSquares)) {
      throw new CremaError('diverged', { path: g.tensor, message: 'the gradient is not finite', code: 'not-finite' });
    }
    const key = mean === 'layer' ? g.layer : g.tensor;
    const sum = sums.get(key) ?? { squares: 0, sumSquares: 0 };
    sums.set(key, { squares: sum.squares + g.squares, sumSquares: sum.sumSquares + g.sumSquares });
  }
  const ratios = [...sums.values()].filter((s) => s.squares > 0).map((s) => ratio(s.squares, s.sumSquares));
  return ratios.length === 0 ? undefined : ratios.reduce((a, b) => a + b, 0) / ratios.length;
}

/** A parameter's gradient as the last minibatch of an epoch left it. */
export interface TensorGradient {
  readonly layer: string;
  readonly tensor: string;
  readonly kind: TensorKind;
  readonly diff: Float32Array;
}

/** Sum and squares of one tensor's open window: what a snapshot keeps. */
export interface WindowSum {
  readonly tensor: string;
  readonly sum: Float32Array;
  readonly squares: number;
}

/**
 * Streaming sums of a window: one copy of the gradients and one number per tensor, whatever the window's length. Gradients are added
 * when they are there; nothing is kept by reference.
 */
export class GradientWindow {
  private readonly rule: WindowRule;
  private readonly sums = new Map<string, { sum: Float32Array; squares: number }>();

  /** Throws where windows overlap by more than one epoch. */
  constructor(rule: WindowRule) {
    const { every, terms } = rule;
    if (!Number.isInteger(every) || every < 1 || (terms !== every && terms !== every + 1)) {
      throw inputError({ message: `a window of ${terms} epochs every ${every}`, expected: 'as many, or one more' });
    }
    this.rule = rule;
  }

  /** Adds the gradients at the end of an epoch; the statistics where a window ends with it, else nothing. */
  add(epoch: number, gradients: readonly TensorGradient[]): GradientStatistics[] {
    const ends = windowEnds(this.rule, epoch);
    const overlaps = this.rule.terms > this.rule.every;
    return gradients.flatMap(({ layer, tensor, kind, diff }) => {
      const open = this.sums.get(tensor);
      const sum = open?.sum ?? new Float32Array(diff.length);
      const norms = diversityAdd(diff, sum, open === undefined);
      const squares = (open?.squares ?? 0) + norms.gradient;
      if (!ends) this.sums.set(tensor, { sum, squares });
      else if (!overlaps) this.sums.delete(tensor);
      else {
        // The last gradient of this window is the first of the next.
        sum.set(diff);
        this.sums.set(tensor, { sum, squares: norms.gradient });
      }
      return ends ? [{ layer, tensor, kind, squares, sumSquares: norms.sum }] : [];
    });
  }

  /** The open window, for a snapshot; the arrays are copies. */
  save(): WindowSum[] {
    return [...this.sums].map(([tensor, { sum, squares }]) => ({ tensor, sum: sum.slice(), squares }));
  }

  restore(saved: readonly WindowSum[]): void {
    this.sums.clear();
    for (const { tensor, sum, squares } of saved) this.sums.set(tensor, { sum: sum.slice(), squares });
  }
}
