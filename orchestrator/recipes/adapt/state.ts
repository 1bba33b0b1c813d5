import { existsSync, readFileSync } from 'node:fs';
import type { Decision, MemoryFigures, MemoryLedger } from '../../adapt/index.ts';
import { dataError } from '../../core/index.ts';
import { writeAtomically } from '../../snapshot/index.ts';
import type { Accuracies } from './methods.ts';

/** One window of the stream: what was decided after it, and how each method scores from then on. */
export interface WindowRecord {
  readonly segment: number;
  readonly decision: Decision;
  /** Number of adaptations so far, this window's included. */
  readonly adaptations: number;
  readonly accuracy: Accuracies;
}

export interface SegmentResult {
  readonly stream: string;
  readonly classes: readonly number[];
  readonly active: readonly number[];
  readonly missed: number;
  readonly spurious: number;
  /** Windows of this segment up to and with the one that made it adapt; null: it did not. */
  readonly adapted_after: number | null;
  readonly accuracy: Accuracies;
  /** Trained anew on the generator's features of exactly the classes of the segment. */
  readonly fresh: number;
}

export interface MemoryPeak {
  readonly bytes: number;
  readonly by_kind: MemoryFigures;
}

/** All that a run needs to go on after any window. No times: equal runs give equal bytes. */
export interface AdaptState {
  readonly crema: 1;
  readonly key: string;
  readonly segment: number;
  /** The segment's next window. */
  readonly window: number;
  readonly adaptations: number;
  /** Adaptation that serves, with its classes; null: the shipped head. */
  readonly serving: {
    readonly adaptation: number;
    readonly active: readonly number[];
    readonly shares: readonly number[];
  } | null;
  readonly watcher: unknown;
  readonly memory: Readonly<Record<string, MemoryPeak>>;
  readonly records: readonly WindowRecord[];
  readonly segments: readonly SegmentResult[];
}

export const peakOf = (memory: MemoryLedger): MemoryPeak => ({ bytes: memory.peak, by_kind: memory.peakByKind });

export const largerPeak = (a: MemoryPeak | undefined, b: MemoryPeak): MemoryPeak => (a && a.bytes >= b.bytes ? a : b);

export function writeState(path: string, state: AdaptState): void {
  writeAtomically(path, Buffer.from(`${JSON.stringify(state)}\n`));
}

/** @returns undefined where there is none. @throws CremaError data where it is damaged or of other settings */
export function readState(path: string, key: string): AdaptState | undefined {
  if (!existsSync(path)) return undefined;
  let state: AdaptState;
  try {
    state = JSON.parse(readFileSync(path, 'utf8')) as AdaptState;
  } catch (cause) {
    throw dataError(
      { message: `'${path}' is damaged`, hint: 'start anew without --resume', code: 'adapt-state' },
      cause,
    );
  }
  if (state?.crema !== 1)
    throw dataError({ message: `'${path}' is of another version`, expected: '"crema": 1', code: 'adapt-state' });
  if (state.key !== key) {
    throw dataError({
      message: `'${path}' belongs to a run with another net, other streams or other settings`,
      hint: 'resume with the command it began with, or start anew without --resume',
      code: 'adapt-state',
    });
  }
  return state;
}
