import { usageError } from '../../core/index.ts';
import type { StageLog } from '../stages.ts';
import { cutAndRetrain, fineTune, type LevelResult, type PruneTask, reopen, type Trained } from './task.ts';

/**
 * Levels of a gradual schedule: level · (1 − (1 − i/steps)³), much at first, little at the end, when what is left matters
 * (Zhu & Gupta, "To prune, or not to prune", arXiv 1710.01878, equation 1).
 */
export function gradualLevels(level: number, steps: number): number[] {
  if (!Number.isInteger(steps) || steps < 1)
    throw usageError({ message: `${steps} steps`, expected: 'an integer ≥ 1', code: 'steps' });
  return Array.from({ length: steps }, (_, i) => level * (1 - (1 - (i + 1) / steps) ** 3));
}

/** Cuts in steps, each from the net that the step before left, trained again after each. Levels count from the whole net. */
export async function pruneGradually(
  task: PruneTask,
  start: Trained,
  level: number,
  steps: number,
  log: StageLog,
): Promise<LevelResult[]> {
  let { checkpoint } = await log.run('fine-tune', () => fineTune(task, start, 'fine-tuned'));
  const results: LevelResult[] = [];
  let gone = 0;
  for (const [i, next] of gradualLevels(level, steps).entries()) {
    const share = Math.max(0, 1 - (1 - next) / (1 - gone));
    const result = await log.run(`step ${i + 1}`, async () => {
      const cut = await cutAndRetrain(task, await reopen(task, checkpoint, true), share, `step-${i + 1}`);
      const reached = 1 - (1 - gone) * (1 - cut.reached);
      return { ...cut, level: next, reached };
    });
    gone = result.reached;
    checkpoint = result.checkpoint;
    results.push(result);
  }
  return results;
}
