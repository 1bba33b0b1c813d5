import {
  type FitOptions,
  fitDefaults,
  generatorKinds,
  type WatchSettings,
  type WordLength,
  watchDefaults,
} from '../../adapt/index.ts';
import { type EventSink, nearest, usageError } from '../../core/index.ts';
import type { SessionSettings } from '../../executor/index.ts';

/** How a head is trained on features. */
export interface HeadSettings {
  /** Records of a step. */
  readonly batch: number;
  /** Draws per class of the set that make an epoch. */
  readonly perClass: number;
  readonly epochs: number;
  readonly rate: number;
  readonly momentum: number;
}

/** `count`: predictions as they are; `confusion`: what is left after the head's known mistakes explain what they can. */
export type EstimatorKind = 'count' | 'confusion';

/** Records of a source, from a position on: written `text#first:count`, all of it without the end. */
export interface StreamRange {
  readonly source: string;
  readonly first: number;
  readonly count: number | undefined;
}

export interface AdaptRequest {
  readonly model: string;
  readonly weights: readonly string[];
  /** What comes in after deployment, one after another; labels serve only to score and for the upper bound. */
  readonly streams: readonly string[];
  /** Held-out records of each stream's distribution, to score on; none: the stream's own windows are scored as they come. */
  readonly evaluate: readonly string[];
  /** Records the net was trained on; default: what its TRAIN data layer reads. */
  readonly source?: string | undefined;
  /** Records to learn the head's confusion from; default: the source. */
  readonly validation?: string | undefined;
  /** A generator made before, in place of the source; stored features are then not compared. */
  readonly generatorFile?: string | undefined;
  readonly generator: string;
  /** First layer of the head; default: the last InnerProduct. */
  readonly head?: string | undefined;
  /** Any settings: features come in whatever numbers the card computes in. */
  readonly session: SessionSettings;
  readonly seed: number;
  readonly runDirectory: string;
  readonly resume: boolean;
  readonly training: HeadSettings;
  readonly watch: WatchSettings;
  readonly estimator: EstimatorKind;
  readonly fit: FitOptions;
  /** Bits of a feature in the cache. */
  readonly cacheBits: WordLength;
  readonly sinks: readonly EventSink[];
  /** Asked after every window. */
  readonly shouldStop?: (() => boolean) | undefined;
}

/** No weight decay: absent classes keep their weights. Ten epochs do what thirty do (docs/adaptation.md). */
export const adaptDefaults = {
  streams: [] as readonly string[],
  evaluate: [] as readonly string[],
  generator: 'gaussian',
  seed: 1,
  resume: false,
  training: { batch: 64, perClass: 200, epochs: 10, rate: 0.01, momentum: 0.9 } as HeadSettings,
  watch: watchDefaults,
  estimator: 'count' as EstimatorKind,
  fit: fitDefaults,
  cacheBits: 32 as WordLength,
  sinks: [] as readonly EventSink[],
} as const;

/** @throws CremaError usage */
export function parseRange(text: string): StreamRange {
  const at = text.lastIndexOf('#');
  if (at < 0) return { source: text, first: 0, count: undefined };
  const match = /^(\d+)(?::(\d+))?$/.exec(text.slice(at + 1));
  const count = match?.[2] === undefined ? undefined : Number(match[2]);
  if (match && count !== 0) return { source: text.slice(0, at), first: Number(match[1]), count };
  throw usageError({
    message: `records ${text}`,
    expected: '<source>#<first>:<count>, e.g. lmdb:day1#0:500',
    code: 'bad-range',
  });
}

/** Checks what a request says before anything is opened. @throws CremaError usage */
export function checkRequest(request: AdaptRequest): void {
  const bad = (message: string, expected: string, hint?: string) =>
    usageError({ message, expected, hint, code: 'adapt-setting' });
  if (request.streams.length === 0) throw bad('no stream to adapt to', '--stream <source>, once for each part');
  if (request.evaluate.length > 0 && request.evaluate.length !== request.streams.length)
    throw bad(
      `${request.evaluate.length} sources to score on for ${request.streams.length} streams`,
      'one for each stream, or none',
    );
  if (!generatorKinds.has(request.generator)) {
    const near = nearest(request.generator, generatorKinds.keys());
    throw bad(
      `generator '${request.generator}'`,
      [...generatorKinds.keys()].join(' or '),
      near && `did you mean '${near}'?`,
    );
  }
  const { training: t, watch: w, fit } = request;
  const whole: Record<string, number> = {
    batch: t.batch,
    'per-class': t.perClass,
    epochs: t.epochs,
    window: w.window,
    warmup: w.warmup,
    history: w.history,
  };
  for (const [name, value] of Object.entries(whole))
    if (!Number.isSafeInteger(value) || value < 1) throw bad(`${name} ${value}`, 'a whole number above 0');
  for (const [name, value] of Object.entries({ rank: fit.rank, keep: fit.perClass }))
    if (!Number.isSafeInteger(value) || value < 0) throw bad(`${name} ${value}`, 'a whole number');
  for (const [name, value] of Object.entries({ rate: t.rate, threshold: w.threshold, 'change-limit': w.changeLimit }))
    if (!(value > 0)) throw bad(`${name} ${value}`, 'a number above 0');
  if (w.history < w.warmup)
    throw bad(`history ${w.history} below warmup ${w.warmup}`, 'as many windows pooled as waited for');
}
