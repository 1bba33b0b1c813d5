import { changeDeviate } from './change.ts';
import { ClassSet, type ClassSetSettings, countShares, jaccardDistance, type ShareEstimator } from './class-set.ts';

export interface WatchSettings extends ClassSetSettings {
  /** Predictions in a window. */
  readonly window: number;
  /** Windows of one distribution that are pooled; older ones are forgotten. */
  readonly history: number;
  /** Windows of one distribution seen before an adaptation to it. */
  readonly warmup: number;
  /** Deviate above which a window is of another distribution (change.ts). */
  readonly changeLimit: number;
  /** Jaccard distance between the classes met and those adapted to above which the head is adapted again. */
  readonly distance: number;
}

export const watchDefaults: WatchSettings = {
  window: 50,
  history: 20,
  warmup: 2,
  changeLimit: 4,
  distance: 0,
  threshold: 0.5,
  leastCount: 3,
  leaveAfter: 3,
};

export interface Decision {
  /** Number of this window, from 0. */
  readonly window: number;
  /** `fall-back`: the stream changed, the shipped head serves until there is enough to adapt to. */
  readonly action: 'none' | 'fall-back' | 'adapt';
  readonly active: readonly number[];
  readonly shares: readonly number[];
  /** Change deviate of this window. */
  readonly deviate: number;
  readonly reason: string;
}

interface WatchState {
  readonly windows: number;
  readonly lots: readonly (readonly number[])[];
  readonly fresh: boolean;
  readonly adapted: readonly number[] | null;
  readonly set: unknown;
}

/**
 * Watches the predictions of the shipped head, window by window, and says when to adapt: a pure state machine, the same
 * decisions for the same predictions. It must not see predictions of a masked head, which never name a class outside its set.
 */
export class Watcher {
  private readonly settings: WatchSettings;
  private readonly estimator: ShareEstimator;
  private readonly set: ClassSet;
  private windows = 0;
  /** Histograms of the windows pooled, oldest first. */
  private lots: (readonly number[])[] = [];
  private fresh = true;
  private adapted: readonly number[] | undefined;

  constructor(settings: WatchSettings, estimator: ShareEstimator = countShares) {
    this.settings = settings;
    this.estimator = estimator;
    this.set = new ClassSet(settings);
  }

  /** Bytes of its histograms at most, as 8-byte numbers. */
  bytes(classes: number): number {
    return (this.settings.history + 2) * classes * 8;
  }

  private pooled(classes: number): number[] {
    return Array.from({ length: classes }, (_, c) => this.lots.reduce((sum, lot) => sum + lot[c]!, 0));
  }

  /** Takes the histogram of one window's predictions. */
  observe(counts: ArrayLike<number>): Decision {
    const { changeLimit, history, warmup, distance } = this.settings;
    const lot = Array.from(counts);
    const deviate = changeDeviate(lot, this.pooled(lot.length));
    const changed = deviate > changeLimit;
    if (changed) {
      this.lots = [];
      this.fresh = true;
    }
    this.lots = [...this.lots, lot].slice(-history);
    const pooled = this.pooled(lot.length);
    const shares = this.estimator.shares(pooled);
    const active = this.set.update(shares, pooled, this.fresh);
    this.fresh = false;
    const window = this.windows++;
    const decide = (action: Decision['action'], reason: string): Decision => ({
      window,
      action,
      active,
      shares: [...shares],
      deviate,
      reason,
    });
    if (changed && this.lots.length < warmup) {
      const served = this.adapted !== undefined;
      this.adapted = undefined;
      return decide(served ? 'fall-back' : 'none', `deviate ${deviate.toFixed(1)}: another distribution`);
    }
    if (this.lots.length < warmup) return decide('none', `${this.lots.length} of ${warmup} windows`);
    if (active.length === 0) return decide('none', 'no class stands out');
    const apart = this.adapted ? jaccardDistance(active, this.adapted) : 1;
    if (apart <= distance) return decide('none', 'the classes met are those adapted to');
    const reason = this.adapted ? `the classes met changed by ${apart.toFixed(2)}` : `${active.length} classes met`;
    this.adapted = active;
    return decide('adapt', reason);
  }

  save(): unknown {
    const { windows, lots, fresh, adapted } = this;
    return { windows, lots, fresh, adapted: adapted ?? null, set: this.set.save() } satisfies WatchState;
  }

  load(state: unknown): void {
    const s = state as WatchState;
    this.windows = s.windows;
    this.lots = [...s.lots];
    this.fresh = s.fresh;
    this.adapted = s.adapted ?? undefined;
    this.set.load(s.set);
  }
}
