// dist/ from the sources: every program bundled, with what several of them share in chunks. Loading the modules one by one
// would cost each process of the command line a second of processor time, three times what a bundle takes.
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** What is started as a process or thread, or loaded by name. Programs of bench/ and test/ are found by their place. */
const PROGRAMS = [
  'orchestrator/cli/main.ts',
  'orchestrator/cli/output.ts',
  'orchestrator/data/loader.ts',
  'orchestrator/data/hdf5-thread.ts',
  'orchestrator/device/probe-child.ts',
  'bench/big-nets/run.ts',
  'bench/fuzz/child.ts',
];
const PLACES = [/^bench\/[\w-]+\.ts$/, /^examples\/[\w-]+\/study\.ts$/, /^test\/\w+\/([\w-]+-)?child\.ts$/];
const FOLDERS = ['orchestrator', 'bench', 'examples', 'test'];

function sources(root) {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  );
  return files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts')).sort();
}

/** One digest of all that dist/ is made of: names and contents, since times say little after a checkout. */
export function sourcesDigest(root) {
  const hash = createHash('sha256');
  for (const file of [...sources(root), 'tsconfig.json', 'package-lock.json', 'scripts/bundle.mjs'])
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Types are not checked here. Throws where the sources are no TypeScript; esbuild has said why. */
export async function bundle(root) {
  const { build } = await import('esbuild');
  const placed = sources(root).filter((file) => PLACES.some((place) => place.test(file)));
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  await build({
    absWorkingDir: root,
    entryPoints: [...PROGRAMS, ...placed],
    outbase: '.',
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
  });
}
