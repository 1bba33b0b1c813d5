import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildPath, packageRoot } from '../../orchestrator/core/index.ts';

/** Path of the compiled probe.c; built when absent or older than its source. */
export function probeLibrary(): string {
  const source = join(packageRoot(), 'test', 'native', 'probe.c');
  const library = buildPath('test', 'libprobe.so');
  if (!existsSync(library) || statSync(library).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(buildPath('test'), { recursive: true });
    const fresh = `${library}.${process.pid}`;
    execFileSync('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-o', fresh, source]);
    renameSync(fresh, library);
  }
  return library;
}
