import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const sources = join(import.meta.dirname, 'native');

/** CREMA_TEST_SANITIZE=1 runs the same programs against the library built with `make -C sim SANITIZE=1`, `=thread` against TSan's. */
const sanitize = process.env.CREMA_TEST_SANITIZE;
const variant = sanitize === undefined ? '' : sanitize === 'thread' ? 'tsan' : 'sanitize';
const flags = { '': [], sanitize: ['-fsanitize=address,undefined'], tsan: ['-fsanitize=thread'] }[variant]!;
export const sanitized = variant !== '';
export const library = join(root, 'build', variant, 'sim', 'libcrema_sim.so');
const out = join(root, 'build', variant, 'test-sim');

/** Builds the emulated card (unless it is up to date) and the demo kernels; returns the kernels' shared object. */
export function buildCard(): string {
  execFileSync('make', ['-C', join(root, 'sim'), ...(sanitized ? [`SANITIZE=${sanitize}`] : [])], { stdio: 'pipe' });
  mkdirSync(out, { recursive: true });
  const kernels = join(out, 'kernels.so');
  execFileSync('g++', ['-std=c++17', '-O2', '-shared', '-fPIC', '-o', kernels, join(sources, 'kernels.cpp')]);
  return kernels;
}

/** Compiles test/sim/native/programs.cpp against the library and returns the program; its first argument says which of them runs. */
export function buildPrograms(): string {
  const program = join(out, 'programs');
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  const link = [library, `-Wl,-rpath,${join(library, '..')}`, '-pthread'];
  execFileSync('g++', [
    '-std=c++17',
    '-O1',
    ...warnings,
    ...flags,
    '-o',
    program,
    join(sources, 'programs.cpp'),
    ...link,
  ]);
  return program;
}

/** Calls `use` with a folder that registers the library with the ICD loader (for OCL_ICD_VENDORS). */
export function withVendorFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'crema-icd-'));
  try {
    writeFileSync(join(folder, 'crema.icd'), `${library}\n`); // the path must be absolute
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Environment of a run: settings of the emulated card in the caller's environment do not leak in. */
export function cleanEnvironment(extra: Record<string, string>): Record<string, string | undefined> {
  const rest = Object.entries(process.env).filter(([name]) => !name.startsWith('CREMA_SIM_'));
  return { ...Object.fromEntries(rest), CREMA_SIM_QUIET: '1', ...extra };
}
