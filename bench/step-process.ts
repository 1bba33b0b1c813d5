import { spawnSync } from 'node:child_process';
import { childExecArgv, EXIT, programFile } from '../orchestrator/core/index.ts';

/** Runs bench/step.ts in a process of its own and gives its row; ends this process as that one did where it failed. */
export function stepInProcess<Row>(args: readonly string[]): Row {
  const command = [...childExecArgv, programFile('bench/step'), ...args];
  const done = spawnSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (done.status !== 0) process.exit(done.status ?? EXIT.internal);
  return JSON.parse(done.stdout.trim().split('\n').at(-1)!) as Row;
}
