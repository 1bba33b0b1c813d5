import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** True where this runs from TypeScript sources (tests, tsx), false from dist/. */
export const fromSource = import.meta.url.endsWith('.ts');

/** The folder of package.json: native libraries, bitstreams and boards are found below it, from sources and from dist/ alike. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

/** Version of Crema, as package.json has it. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string }).version;
}

/** A file below `build/`, where make puts native libraries. `CREMA_BUILD` names another folder (sanitised builds). */
export function buildPath(...parts: string[]): string {
  return join(process.env.CREMA_BUILD ?? join(packageRoot(), 'build'), ...parts);
}

/** Node options under which a worker or child can load our modules: from sources they need the TypeScript loader. */
export const childExecArgv: string[] = fromSource
  ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
  : [];

/** The file of one of our programs, a path in the repository without its extension: its source, or what it was bundled to. */
export function programFile(path: string): string {
  return fromSource ? join(packageRoot(), `${path}.ts`) : join(packageRoot(), 'dist', `${path}.js`);
}
