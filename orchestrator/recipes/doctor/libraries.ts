import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../core/index.ts';
import { loadLibrary } from '../../native/index.ts';
import type { Finding } from './finding.ts';

const POCL = '/etc/OpenCL/vendors/pocl.icd';

const FOLDERS = ['x86_64-linux-gnu', 'aarch64-linux-gnu', '', '../lib64', '../local/lib'];

/** Looked for, not loaded: the Xilinx Runtime may end the process that asks. */
const installed = (file: string) => FOLDERS.some((folder) => existsSync(join('/usr/lib', folder, file)));

/** System libraries of optional parts, how one sees that they are there, and what they are for. */
const LIBRARIES = [
  ['cards', 'ICD loader', 'libOpenCL.so.1', () => loads('libOpenCL.so.1'), 'OpenCL platforms', 'ocl-icd-libopencl1'],
  ['cards', 'libxrt', 'libxilinxopencl.so.2', () => installed('libxilinxopencl.so.2'), 'cards of AMD', 'libxrt1'],
  ['cards', 'PoCL', POCL, () => existsSync(POCL), 'checks of the OpenCL binding', 'pocl-opencl-icd'],
  ['data', 'liblmdb', 'liblmdb.so.0', () => loads('liblmdb.so.0'), 'Data layers on LMDB', 'liblmdb0'],
  ['data', 'libleveldb', 'libleveldb.so.1d', () => loads('libleveldb.so.1d'), 'Data layers on LevelDB', 'libleveldb1d'],
] as const;

/** Packages of npm that are loaded when something asks for them. */
const PACKAGES = [
  { name: 'h5wasm', use: 'HDF5 data and snapshots' },
  { name: 'sharp', use: 'pictures (ImageData, encoded records)' },
] as const;

function loads(file: string): boolean {
  try {
    loadLibrary(file);
    return true;
  } catch {
    return false;
  }
}

function packageVersion(name: string): string | undefined {
  const file = join(packageRoot(), 'node_modules', name, 'package.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : undefined;
}

/** Optional libraries and packages: what works without them is said, and how to get them. */
export function examineLibraries(): Finding[] {
  const libraries = LIBRARIES.map(([group, name, file, isThere, use, from]): Finding => {
    const base = { group, name, needed: false, mend: `apt-get install ${from}` } as const;
    return isThere() ? { ...base, state: 'ok', detail: file } : { ...base, state: 'missing', detail: `for ${use}` };
  });
  const packages = PACKAGES.map(({ name, use }): Finding => {
    const version = packageVersion(name);
    const base = { group: 'data', name, needed: false, mend: `npm install ${name}` } as const;
    return version ? { ...base, state: 'ok', detail: version } : { ...base, state: 'missing', detail: `for ${use}` };
  });
  return [...libraries, ...packages];
}
