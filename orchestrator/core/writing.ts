import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { CremaError, dataError } from './errors.ts';

/** Runs what writes `path`; what the file system refuses becomes a data error that names it. */
export function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof CremaError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw dataError(
      { message: `cannot write '${path}': ${reason}`, hint: 'check space and permissions', code: 'write' },
      error,
    );
  }
}

/** Writes a file that can be made again: whoever reads it sees the old content or the new. Throws a data error. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  writing(path, () => {
    writeFileSync(`${path}.tmp`, content);
    renameSync(`${path}.tmp`, path);
  });
}

/**
 * Makes a folder and those above it that are missing. Throws a data error that names `file`, what it is made for. (Node's recursive mkdir never returns where a file system answers
 * ENOENT below a folder that is there, as /proc does.)
 */
export function makeFolder(path: string, file = path): void {
  writing(file, () => {
    const missing: string[] = [];
    for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
    for (const folder of missing.reverse()) {
      try {
        mkdirSync(folder);
      } catch (error) {
        // Somebody else may have made it meanwhile.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    if (!statSync(path).isDirectory()) throw new Error('a file of that name is there');
  });
}
