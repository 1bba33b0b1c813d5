import { join } from 'node:path';
import { inject } from 'vitest';
import { childExecArgv, packageRoot } from '../orchestrator/core/index.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** dist/ is what the sources say; scripts/test-setup.mjs saw to it when this run began. */
    compiled: boolean;
  }
}

/**
 * Node's arguments that start `file` (a path in the repository) as a process of its own: what was compiled of it, since loading the
 * TypeScript of one program costs seconds of processor; its source where the sources do not compile.
 */
export function program(file: string): string[] {
  if (inject('compiled')) return [join(packageRoot(), 'dist', file.replace(/\.ts$/, '.js'))];
  return [...childExecArgv, join(packageRoot(), file)];
}

/** The same for the command line, as its users start it. */
export function commandLine(): string[] {
  return inject('compiled') ? [join(packageRoot(), 'bin', 'crema.js')] : program('orchestrator/cli/main.ts');
}
