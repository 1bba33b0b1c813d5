/** How the shares of the classes are estimated from counts of predictions. */
export interface ShareEstimator {
  readonly kind: string;
  /** Share of each class in the stream, summing to 1. `counts` are predictions of the shipped head, never masked ones. */
  shares(counts: ArrayLike<number>): Float64Array;
}

/** Predictions counted as they are. */
export const countShares: ShareEstimator = {
  kind: 'count',
  shares(counts) {
    const total = Array.from(counts).reduce((a, b) => a + b, 0);
    return Float64Array.from(counts, (n) => (total > 0 ? n / total : 1 / counts.length));
  },
};

const ROUNDS = 200;

/**
 * The shares that make the counts most likely, given how the head confuses classes (P(prediction | class) as
 * [class][prediction]): what is left of mistakes after explaining them by the classes they come from. Expectation
 * maximisation from equal shares (the iteration of Vardi and Lee 1993 for non-negative mixtures).
 */
export function confusionShares(matrix: Float32Array, classes: number): ShareEstimator {
  return {
    kind: 'confusion',
    shares(counts) {
      const total = Array.from(counts).reduce((a, b) => a + b, 0);
      let shares = new Float64Array(classes).fill(1 / classes);
      if (total === 0) return shares;
      for (let round = 0; round < ROUNDS; round++) {
        const next = new Float64Array(classes);
        for (let k = 0; k < classes; k++) {
          if (counts[k] === 0) continue;
          let likelihood = 0;
          for (let c = 0; c < classes; c++) likelihood += shares[c]! * matrix[c * classes + k]!;
          if (likelihood <= 0) continue;
          const weight = counts[k]! / total / likelihood;
          for (let c = 0; c < classes; c++) next[c]! += weight * shares[c]! * matrix[c * classes + k]!;
        }
        shares = next;
      }
      return shares;
    },
  };
}

export interface ClassSetSettings {
  /** tau: a class is met where its share is above tau / classes. */
  readonly threshold: number;
  /** … and it was predicted at least this often: one mistake does not make a class. */
  readonly leastCount: number;
  /** Windows in a row below the threshold after which a class leaves. */
  readonly leaveAfter: number;
}

/** The set of classes a stream shows, with hysteresis: a class joins at once and leaves after some windows. */
export class ClassSet {
  active: readonly number[] = [];
  private below: number[] = [];
  private readonly settings: ClassSetSettings;

  constructor(settings: ClassSetSettings) {
    this.settings = settings;
  }

  /** Takes the estimate of one more window. `fresh`: no memory of classes seen before. */
  update(shares: Float64Array, counts: ArrayLike<number>, fresh: boolean): readonly number[] {
    const { threshold, leastCount, leaveAfter } = this.settings;
    const classes = shares.length;
    if (fresh || this.below.length !== classes) {
      this.active = [];
      this.below = Array.from({ length: classes }, () => 0);
    }
    const before = new Set(this.active);
    const next: number[] = [];
    for (let c = 0; c < classes; c++) {
      const met = shares[c]! > threshold / classes;
      this.below[c] = met ? 0 : this.below[c]! + 1;
      const stays = before.has(c) && this.below[c]! < leaveAfter;
      if (stays || (met && counts[c]! >= leastCount)) next.push(c);
    }
    this.active = next;
    return next;
  }

  save(): unknown {
    return { active: [...this.active], below: [...this.below] };
  }

  load(state: unknown): void {
    const { active, below } = state as { active: number[]; below: number[] };
    this.active = active;
    this.below = [...below];
  }
}

/** 1 - |a ∩ b| / |a ∪ b|; 0 for two empty sets. */
export function jaccardDistance(a: readonly number[], b: readonly number[]): number {
  const both = a.filter((c) => b.includes(c)).length;
  const either = a.length + b.length - both;
  return either === 0 ? 0 : 1 - both / either;
}
