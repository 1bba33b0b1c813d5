import type { EventSink } from '../core/index.ts';

/**
 * Gathers what a report draws from the events of a run, those of its earlier processes first where it goes on from a snapshot. Long runs
 * are thinned to at most 2,000 points a curve.
 */
export class CurveCollector {
  readonly trainLoss: [number, number][] = [];
  readonly smoothedLoss: [number, number][] = [];
  readonly rate: [number, number][] = [];
  readonly tests: Record<string, [number, number][]> = {};
  readonly places = new Map<string, { place: string; reason: string }>();
  private stride = 1;

  readonly sink: EventSink = (event) => {
    if (event.kind === 'start') this.begin(Number(event.config['iteration'] ?? 0));
    if (event.kind === 'net' && event.index === 0) {
      for (const l of event.layers) this.places.set(l.name, { place: l.place, reason: l.reason });
    }
    if (event.kind === 'test') {
      for (const o of event.outputs) {
        const name = event.net === 0 ? o.blob : `${o.blob} (#${event.net})`;
        this.tests[name] ??= [];
        this.tests[name].push([event.iteration, o.value]);
      }
    }
    if (event.kind !== 'train' || event.iteration % this.stride !== 0) return;
    this.trainLoss.push([event.iteration, event.loss]);
    this.smoothedLoss.push([event.iteration, event.smoothedLoss]);
    this.rate.push([event.iteration, event.lr]);
    if (this.trainLoss.length >= 2000) this.thin();
  };

  /** The run goes on at this iteration: what an earlier process had beyond it is done again. */
  private begin(iteration: number): void {
    for (const curve of [this.trainLoss, this.smoothedLoss, this.rate, ...Object.values(this.tests)]) {
      const first = curve.findIndex(([at]) => at >= iteration);
      if (first >= 0) curve.length = first;
    }
    for (const [name, curve] of Object.entries(this.tests)) if (curve.length === 0) delete this.tests[name];
  }

  private thin(): void {
    this.stride *= 2;
    for (const curve of [this.trainLoss, this.smoothedLoss, this.rate]) {
      const kept = curve.filter(([iteration]) => iteration % this.stride === 0);
      curve.length = 0;
      curve.push(...kept);
    }
  }
}
