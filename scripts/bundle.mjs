// dist/ from the sources: every program bundled, with what several of them share in chunks. Loading the modules one by one
// would cost each process of the command line a second of processor time, three times what a bundle takes.
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';

/** What is started as a process or thread, or loaded by name. Programs of bench/ and test/ are found by their place. */
const PROGRAMS = [
  'orchestrator/cli/main.ts',
  'orchestrator/cli/output.ts',
  'orchestrator/core/schema.ts',
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

const schemas = (root) => readdirSync(join(root, 'protos')).filter((file) => file.endsWith('.schema.json')).map((file) => `protos/${file}`);

/** One digest of all that dist/ is made of: names and contents, since times say little after a checkout. */
export function sourcesDigest(root) {
  const hash = createHash('sha256');
  for (const file of [...sources(root), ...schemas(root), 'tsconfig.json', 'package-lock.json', 'scripts/bundle.mjs'])
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** dist/schemas/<name>.cjs: each JSON schema as the function that checks a value against it. */
async function bundleSchemas(root) {
  const { Ajv } = await import('ajv');
  const { default: standaloneCode } = await import('ajv/dist/standalone/index.js');
  const { SCHEMA_OPTIONS } = await import(join(root, 'dist', 'orchestrator', 'core', 'schema.js'));
  const ajv = new Ajv({ ...SCHEMA_OPTIONS, code: { source: true } });
  mkdirSync(join(root, 'dist', 'schemas'));
  for (const file of schemas(root)) {
    const check = ajv.compile(JSON.parse(readFileSync(join(root, file), 'utf8')));
    writeFileSync(join(root, 'dist', 'schemas', basename(file).replace('.schema.json', '.cjs')), standaloneCode.default(ajv, check));
  }
}

/** Types are not checked here. Throws where the sources are no TypeScript; esbuild has said why. */
export async function bundle(root) {
  const { build } = await import('esbuild');
  const placed = sources(root).filter((file) => PLACES.some((place) => place.test(file)));
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const target = { absWorkingDir: root, bundle: true, platform: 'node', target: 'node20', logLevel: 'warning' };
  await build({
    ...target,
    entryPoints: [...PROGRAMS, ...placed],
    outbase: '.',
    outdir: 'dist',
    chunkNames: 'chunks/[name]-[hash]',
    splitting: true,
    format: 'esm',
    packages: 'external',
    sourcemap: true,
    sourcesContent: false,
  });
  await build({ ...target, entryPoints: ['yaml'], outfile: 'dist/packages/yaml.cjs', format: 'cjs' });
  await bundleSchemas(root);
}
