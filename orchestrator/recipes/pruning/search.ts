import { usageError } from '../../core/index.ts';
import type { StageLog } from '../stages.ts';
import { cutAndRetrain, fineTune, type LevelResult, type PruneTask, reopen, type Trained } from './task.ts';
import { measureAccuracy } from './watched.ts';

/** Bounds and step of the levels tried, in percent. */
export interface SearchGrid {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export const PUBLISHED_GRID: SearchGrid = { from: 5, to: 95, step: 5 };

export interface SearchOptions {
  readonly grid?: SearchGrid | undefined;
  /** Accuracy to keep on validation data; default: what the untouched net has there. */
  readonly target?: number | undefined;
  /** Ends after that many levels with the best so far; default: none. */
  readonly rounds?: number | undefined;
  /** Told of every decision. */
  readonly decided?: ((decision: Decision) => void) | undefined;
}

/** One round. Levels in percent. */
export interface Decision {
  readonly tried: number;
  readonly validation: number;
  readonly target: number;
  readonly held: boolean;
  readonly low: number;
  readonly high: number;
  /** Undefined at the end. */
  readonly next?: number;
}

export interface SearchResult {
  readonly target: number;
  /** The highest level that held, or undefined where none did. */
  readonly best: LevelResult | undefined;
  readonly rounds: readonly LevelResult[];
  readonly decisions: readonly Decision[];
  /** False where `rounds` ended it. */
  readonly finished: boolean;
}

/** The next level of the bisection: half-way to the bound, rounded up to the grid. */
export function nextLevel(current: number, bound: number, step: number): number {
  return step * Math.ceil(Math.floor((current + bound) / 2) / step);
}

function checkGrid({ from, to, step }: SearchGrid): void {
  if (from > 0 && to < 100 && from <= to && step > 0) return;
  throw usageError({
    message: `levels from ${from} to ${to} in steps of ${step}`,
    expected: 'percentages, ascending',
    code: 'grid',
  });
}

/**
 * The DaPR search for the highest level that keeps the accuracy of the untouched net: bisection on a grid of levels, at most five
 * rounds on the published one. It compares accuracies on validation data as they are (the published code compared whole percents
 * of test accuracy). Anytime: stopped after any round it has a best level; the log lets it go on with the same decisions.
 */
export async function searchLevel(
  task: PruneTask,
  start: Trained,
  options: SearchOptions,
  log: StageLog,
): Promise<SearchResult> {
  const grid = options.grid ?? PUBLISHED_GRID;
  checkGrid(grid);
  const given = options.target;
  const target = await log.run(
    'target',
    () => given ?? measureAccuracy({ ...task, text: start.text }, start.state.weights, task.data.validation),
  );
  const { checkpoint } = await log.run('fine-tune', () => fineTune(task, start, 'fine-tuned'));
  const rounds: LevelResult[] = [];
  const decisions: Decision[] = [];
  let best: LevelResult | undefined;
  let [low, high] = [grid.from, grid.to];
  let current = grid.step * Math.round((low + high) / 2 / grid.step);
  let finished = false;
  while (!finished && rounds.length < (options.rounds ?? Number.POSITIVE_INFINITY)) {
    const result = await log.run(`level ${current}`, async () =>
      cutAndRetrain(task, await reopen(task, checkpoint, true), current / 100, `level-${current}`),
    );
    rounds.push(result);
    const held = result.validation >= target;
    const tried = current;
    if (held) {
      low = current;
      best = result;
      current = nextLevel(current, high, grid.step);
    } else {
      high = current;
      current = nextLevel(low, current, grid.step);
    }
    finished = current === tried || rounds.some(({ level }) => Math.round(level * 100) === current);
    const decision = {
      tried,
      validation: result.validation,
      target,
      held,
      low,
      high,
      ...(finished ? {} : { next: current }),
    };
    decisions.push(await log.run(`decision ${rounds.length}`, () => decision));
    options.decided?.(decision);
  }
  return { target, best, rounds, decisions, finished };
}
