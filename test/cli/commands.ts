import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../programs.ts';
import type { Ran } from './child.ts';

export type { Ran };

/** A folder that is gone after `use`. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'crema-cli-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs command lines one after the other in one child process in `folder`. */
export function runAll(folder: string, commands: readonly (readonly string[])[], env: NodeJS.ProcessEnv = {}): Ran[] {
  const answer = join(folder, '.answer.json');
  execFileSync(process.execPath, [...program('test/cli/child.ts'), answer, JSON.stringify(commands)], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  const results = JSON.parse(readFileSync(answer, 'utf8')) as Ran[];
  rmSync(answer);
  return results;
}
