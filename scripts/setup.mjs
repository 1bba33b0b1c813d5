// What `npm start` and `npm test` need before anything of the project can run: written without any dependency.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, sourcesDigest } from './bundle.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Debian/Ubuntu packages, each with how one sees that it is there. */
const packages = {
  'g++': () => command('g++', ['--version']),
  make: () => command('make', ['--version']),
  'opencl-c-headers': () => existsSync('/usr/include/CL/cl_icd.h'),
  liblmdb0: () => library('liblmdb.so.0'),
  libleveldb1d: () => library('libleveldb.so.1d'),
  'ocl-icd-libopencl1': () => library('libOpenCL.so.1'),
  clinfo: () => command('clinfo', ['--version']),
  libxrt1: () => library('libxilinxopencl.so.2'),
  'pocl-opencl-icd': () => existsSync('/etc/OpenCL/vendors/pocl.icd'),
};
export const buildPackages = ['g++', 'make', 'opencl-c-headers'];
export const testPackages = [...buildPackages, 'liblmdb0', 'libleveldb1d', 'ocl-icd-libopencl1', 'clinfo'];
export const conformancePackages = [...testPackages, 'libxrt1', 'pocl-opencl-icd'];

function command(name, args) {
  return spawnSync(name, args, { stdio: 'ignore' }).error === undefined;
}

function library(name) {
  const known = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  return (known.stdout ?? '').includes(name);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function run(name, args, options = {}) {
  const done = spawnSync(name, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (done.status !== 0) {
    say(`crema: '${name} ${args.join(' ')}' failed (${done.error?.message ?? `exit ${done.status ?? done.signal}`})`);
    process.exit(70);
  }
}

export function ensureNode() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major >= 20) return;
  say(`crema: Node ${process.versions.node} is too old\n  hint: install Node 20 or newer`);
  process.exit(2);
}

/** Installs missing system packages where that needs no question; otherwise prints the one line to type, and stops. */
export function ensureSystem(names) {
  const missing = names.filter((name) => !packages[name]());
  if (missing.length === 0) return;
  const isRoot = process.getuid?.() === 0;
  const sudo = !isRoot && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  const debian = command('apt-get', ['--version']);
  if (!debian || !(isRoot || sudo)) {
    say(`crema: this machine lacks ${missing.join(', ')}. On Debian or Ubuntu:\n  sudo apt-get install -y ${missing.join(' ')}`);
    process.exit(2);
  }
  say(`crema: installing ${missing.join(', ')}`);
  const prefix = sudo ? ['sudo', '-n'] : [];
  const apt = (...args) => run('env', ['DEBIAN_FRONTEND=noninteractive', ...prefix, 'apt-get', '-qq', '-o', 'Dpkg::Use-Pty=0', ...args], { stdio: ['ignore', 'ignore', 2] });
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...missing);
}

/** node_modules as the lock file says. */
export async function ensureModules() {
  const stamp = join(root, 'node_modules', '.crema-lock');
  const lock = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('crema: installing node modules');
  const npm = spawn('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve) => npm.on('close', resolve).on('error', () => resolve(-1)));
  if (code !== 0) {
    say(`crema: 'npm ci' failed (exit ${code})`);
    process.exit(70);
  }
  writeFileSync(stamp, lock);
}

/** Engines of hls/Makefile: what a first run needs, and all of them. A fixed-point engine is compiled for who asks for it. */
export const firstEngines = ['f32', 'f32-strict'];
export const allEngines = [...firstEngines, 'i8', 'i16', 'mixed'];
export const testEngines = [...allEngines, 'f32-tile', 'i16-tile', 'i8-quads'];

/** The native libraries; make knows what is out of date. The compilers of all folders share the cores. */
export async function ensureNative(engines = firstEngines) {
  const args = ['-s', `-j${cpus().length}`, `CONFIGS=${engines.join(' ')}`];
  const make = spawn('make', args, { cwd: root, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve) => make.on('close', resolve).on('error', () => resolve(-1)));
  if (code === 0) return;
  say(`crema: 'make ${args.join(' ')}' failed (exit ${code})`);
  process.exit(70);
}

/** Everything from a clean clone to a program that runs. Compilers start at once; npm waits for the network meanwhile. */
export async function ensureAll(systemPackages, engines = firstEngines, check = () => {}) {
  ensureNode();
  ensureSystem(systemPackages);
  const native = ensureNative(engines);
  await ensureModules();
  await ensureBuild();
  check();
  await native;
  ensureBitstreams();
}

const stamp = join(root, 'dist', '.stamp');

/** dist/, where it is not what the sources say; false where they are no TypeScript. */
export async function compile() {
  const sources = sourcesDigest(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return true;
  say('crema: compiling TypeScript');
  try {
    await bundle(root);
  } catch (error) {
    // What esbuild found in the sources it has printed.
    if (!error.errors) say(`crema: ${error.message}`);
    return false;
  }
  writeFileSync(stamp, sources);
  return true;
}

/** Whether the compiler finds the types of all sources right, tests included. */
export function typesRight() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: root, stdio: ['ignore', 2, 2] }).status === 0;
}

export async function ensureBuild() {
  if (await compile()) return;
  say('crema: the sources do not compile');
  process.exit(70);
}

export function ensureBitstreams() {
  const known = execFileSync(process.execPath, [join(root, 'bin', 'crema.js'), 'bitstream', 'build', '--all', '--if-stale'], { cwd: root, stdio: ['ignore', 'pipe', 2], encoding: 'utf8' });
  if (known.trim() !== '') say(known.trim());
}
