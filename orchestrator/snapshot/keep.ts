import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type FileCalls, fileCalls } from './atomic.ts';

/**
 * Side-car last: what a crash leaves half removed is still known as ours, and the next call removes the rest. States whose side-car is
 * missing may be Caffe's own and stay.
 */
const ENDINGS = ['caffemodel', 'caffemodel.h5', 'crema.f32', 'solverstate', 'solverstate.h5', 'crema.json'];

/**
 * After the snapshot of `iteration` with this prefix is complete: keeps it and the `keep` − 1 before it, and removes all files of older
 * ones. Later iterations, left by a run that was taken back to an earlier state, are not older. A file that cannot be removed is told
 * through `notice`: no reason to end a run.
 */
export function removeOlderSnapshots(
  prefix: string,
  iteration: number,
  keep: number,
  notice: (message: string) => void,
  calls: FileCalls = fileCalls,
): void {
  const folder = dirname(prefix);
  const start = `${basename(prefix)}_iter_`;
  const older: number[] = [];
  for (const file of readdirSync(folder)) {
    const match = file.startsWith(start) ? /^(\d+)\.crema\.json$/.exec(file.slice(start.length)) : null;
    if (match && Number(match[1]) < iteration) older.push(Number(match[1]));
  }
  older.sort((a, b) => b - a);
  for (const old of older.slice(keep - 1)) {
    try {
      for (const ending of ENDINGS) {
        const path = join(folder, `${start}${old}.${ending}`);
        if (existsSync(path)) calls.remove(path);
      }
    } catch (error) {
      notice(`cannot remove the snapshot '${prefix}_iter_${old}': ${error instanceof Error ? error.message : error}`);
    }
  }
}
