import type { StageLog } from '../stages.ts';
import { cutAndRetrain, fineTune, type LevelResult, type PruneTask, reopen, type Trained } from './task.ts';

/**
 * Data-aware prune and retrain (ADaPT, Rajagopal & Bouganis, arXiv 2006.08554): fine-tune, cut to each level from there, train again.
 * Stages of `log`: `<prefix>fine-tune`, then `<prefix>level <level>` each.
 */
export async function pruneAndRetrain(
  task: PruneTask,
  start: Trained,
  levels: readonly number[],
  log: StageLog,
  prefix = '',
): Promise<LevelResult[]> {
  const file = (name: string) => `${prefix}${name}`.replace(/\s+/g, '-');
  const tuned = await log.run(`${prefix}fine-tune`, () => fineTune(task, start, file('fine-tuned')));
  const results: LevelResult[] = [];
  for (const level of levels) {
    results.push(
      await log.run(`${prefix}level ${level}`, async () =>
        cutAndRetrain(task, await reopen(task, tuned.checkpoint, true), level, file(`level-${level}`)),
      ),
    );
  }
  return results;
}
