// dist/program: the command line as one file per verb and a few that verbs share. Node looks up, opens and compiles each
// of some 400 modules by itself, which takes longer than most commands work.
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Reads the modules that the compiler wrote below dist/; packages stay where they are. */
export function bundle(root) {
  const outdir = join(root, 'dist', 'program');
  rmSync(outdir, { recursive: true, force: true });
  const require = createRequire(import.meta.url);
  // tsx brings esbuild; it is asked for where tsx finds it.
  const esbuild = createRequire(require.resolve('tsx'))('esbuild');
  esbuild.buildSync({
    ...{ entryPoints: [join(root, 'dist', 'orchestrator', 'cli', 'main.js')], outdir, absWorkingDir: root },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' },
    ...{ chunkNames: '[name]-[hash]', logLevel: 'warning' },
  });
}
