import { METHODS, type Method } from './methods.ts';
import type { AdaptRequest } from './request.ts';
import type { AdaptState, MemoryPeak, SegmentResult } from './state.ts';

/** The figures of a run: summary.json. Accuracies are shares (0 to 1), differences too; memory in bytes, counted at allocation. */
export interface AdaptSummary {
  readonly net: string;
  readonly device: string;
  readonly generator: string;
  readonly classes: number;
  readonly dimension: number;
  readonly windows: number;
  readonly adaptations: number;
  /** Means over the segments, at the end of each. */
  readonly accuracy: Readonly<Partial<Record<Method, number>>>;
  readonly generated_minus_none: number;
  readonly generated_minus_mask: number;
  readonly generated_minus_source: number | null;
  /** The lowest over the segments. */
  readonly generated_minus_fresh: number;
  /** The most over the segments. */
  readonly missed_classes: number;
  readonly spurious_classes: number;
  /** Windows until the head was adapted to a segment after the first; null: only one segment, or it did not happen. */
  readonly readapted_after: number | null;
  readonly memory: Readonly<Record<string, MemoryPeak>>;
  readonly memory_bytes: number;
  readonly retraining_bytes: number;
  readonly memory_ratio: number;
  readonly generator_bytes: number;
  readonly backbone_sha256: string;
  /** 1 where the backbone's parameters are bit for bit those it began with. */
  readonly backbone_unchanged: 0 | 1;
  readonly segments: readonly SegmentResult[];
}

export interface SummaryFacts {
  readonly net: string;
  readonly device: string;
  readonly classes: number;
  readonly dimension: number;
  readonly generatorBytes: number;
  readonly full: MemoryPeak;
  /** Of the backbone, before and after. */
  readonly digests: readonly [string, string];
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

export function summarise(request: AdaptRequest, state: AdaptState, facts: SummaryFacts): AdaptSummary {
  const { segments, records, memory } = state;
  const accuracy: Partial<Record<Method, number>> = {};
  for (const method of METHODS) {
    const values = segments.flatMap((s) => s.accuracy[method] ?? []);
    if (values.length === segments.length) accuracy[method] = mean(values);
  }
  const generated = accuracy.generated!;
  const later = segments.slice(1).map((s) => s.adapted_after);
  const bytes = memory['generated']?.bytes ?? 0;
  return {
    net: facts.net,
    device: facts.device,
    generator: request.generator,
    classes: facts.classes,
    dimension: facts.dimension,
    windows: records.length,
    adaptations: state.adaptations,
    accuracy,
    generated_minus_none: generated - accuracy.none!,
    generated_minus_mask: generated - accuracy.mask!,
    generated_minus_source: accuracy.source === undefined ? null : generated - accuracy.source,
    generated_minus_fresh: Math.min(...segments.map((s) => s.accuracy.generated! - s.fresh)),
    missed_classes: Math.max(...segments.map((s) => s.missed)),
    spurious_classes: Math.max(...segments.map((s) => s.spurious)),
    readapted_after: later.length === 0 || later.includes(null) ? null : Math.max(...later.map((n) => n!)),
    memory: { ...memory, retraining: facts.full },
    memory_bytes: bytes,
    retraining_bytes: facts.full.bytes,
    memory_ratio: bytes > 0 ? facts.full.bytes / bytes : 0,
    generator_bytes: facts.generatorBytes,
    backbone_sha256: facts.digests[1],
    backbone_unchanged: facts.digests[0] === facts.digests[1] ? 1 : 0,
    segments,
  };
}
