import { pageAligned } from '../blob/index.ts';
import { sumSquares } from '../math/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import type { WeightBlob } from '../snapshot/index.ts';
import type { SolverSettings } from './settings.ts';

const f = Math.fround;

/** Applies gradients to the learnable parameters of a net and keeps the history that the rule needs. */
export class Updater {
  /** Caffe's order: one blob per learnable param, then the second set. */
  readonly history: readonly WeightBlob[];
  /** Per learnable param, its histories. */
  private readonly sets: readonly (readonly Float32Array[])[];
  private readonly settings: SolverSettings;
  private readonly net: Net;
  private readonly params: ParamSet;
  /** Learnable params whose history holds zeros alone: no update changed them so far. */
  private readonly idle: boolean[];

  constructor(settings: SolverSettings, net: Net, params: ParamSet) {
    this.settings = settings;
    this.net = net;
    this.params = params;
    const set = net.learnable.map((i) => net.params[i]!);
    this.history = Array.from({ length: settings.rule.historySets }, () => set)
      .flat()
      .map((p) => ({ shape: p.shape, data: pageAligned(params.blobs[p.index]!.count) }));
    this.sets = set.map((_, k) => this.history.filter((_, i) => i % set.length === k).map((h) => h.data));
    this.idle = set.map(() => true);
  }

  /** Says that histories were filled from a snapshot. */
  markRestored(): void {
    this.sets.forEach((sets, k) => {
      this.idle[k] = sets.every((history) => history.every((v) => v === 0));
    });
  }

  /** Norm of all gradients, clipped ones shrink by the factor returned. Caffe measures the sum of iter_size passes. */
  private clipFactor(): number {
    const limit = this.settings.param.clip_gradients;
    if (limit < 0) return 1;
    let squares = 0;
    for (const i of this.net.learnable) {
      const blob = this.params.blobs[i]!;
      if (blob.diffTensor.allocated) squares += sumSquares(blob.diff);
    }
    const norm = Math.sqrt(squares);
    return norm > limit ? f(limit / norm) : 1;
  }

  /** One update with learning rate `rate`; `iteration` updates were made before. Host diffs must be valid. */
  update(rate: number, iteration: number): void {
    const { param, rule } = this.settings;
    const scale = f(this.clipFactor() / param.iter_size);
    const power = param.regularization_type === 'L1' ? 1 : 2;
    this.net.learnable.forEach((index, k) => {
      const spec = this.net.params[index]!;
      const blob = this.params.blobs[index]!;
      const local = f(rate * spec.lrMult);
      const decay = f(param.weight_decay * spec.decayMult);
      // A frozen blob stays without a gradient in memory: without one, every rule leaves weights and zero history as they are.
      const noGradient = !blob.diffTensor.allocated && decay === 0;
      if (this.idle[k] && (noGradient || (local === 0 && rule.idleAtZeroRate))) return;
      this.idle[k] = false;
      rule.update(param, {
        weight: blob.data,
        diff: blob.diff,
        history: this.sets[k]!,
        regularisation: { scale, power: decay === 0 ? 0 : power, decay },
        rate: local,
        iteration,
      });
    });
  }
}
