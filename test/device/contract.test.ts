import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { buildPath } from '../../orchestrator/core/index.ts';
import { program } from '../programs.ts';
import { demoXclbin, privateXrtRoot } from './demo.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-device-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  name: string;
  ffi: string;
  computeUnits: number;
  microseconds: number;
  outcome: Record<string, string>;
}

async function run(device: string, image: string, env: Record<string, string>): Promise<Outcome> {
  const { stdout } = await execa(process.execPath, [...program('test/device/contract-child.ts'), device, image], {
    env,
    timeout: 110_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Outcome;
}

function notice(what: string): true {
  console.log(`skipped: ${what}`);
  return true;
}

const ADAPTERS = ['koffi', 'ffi-napi'];
const xclbin = (): string => {
  const file = join(folder, 'demo.xclbin');
  if (!existsSync(file)) writeFileSync(file, demoXclbin({ computeUnits: 2 }));
  return file;
};

function holds(result: Outcome, ffi: string): void {
  expect(result.ffi).toBe(ffi);
  for (const [name, outcome] of Object.entries(result.outcome)) expect(`${name}: ${outcome}`).toBe(`${name}: ok`);
  console.log(`${result.name} through ${ffi}: ${result.microseconds.toFixed(1)} µs per launch and wait`);
}

describe('the device contract', () => {
  const sim = existsSync(buildPath('sim', 'libcrema_sim.so'));
  test.skipIf(!sim && notice('the emulated card is not built'))(
    'emulated card',
    async () => {
      for (const [ffi, memory] of [
        ['koffi', 'strict'],
        ['koffi', 'shared'],
        ['ffi-napi', 'strict'],
      ] as const) {
        holds(await run('sim', xclbin(), { CREMA_FFI: ffi, CREMA_SIM_MEMORY: memory }), ffi);
      }
    },
    240_000,
  );

  const loader = ['x86_64', 'aarch64'].some((cpu) => existsSync(`/usr/lib/${cpu}-linux-gnu/libOpenCL.so.1`));
  test.skipIf(!(sim && loader) && notice('no ICD loader (apt-get install ocl-icd-libopencl1), or no emulated card'))(
    'emulated card behind the ICD loader',
    async () => {
      const vendor = join(folder, 'crema.icd');
      writeFileSync(vendor, `${buildPath('sim', 'libcrema_sim.so')}\n`);
      holds(await run('icd:sim', xclbin(), { OCL_ICD_VENDORS: vendor }), 'koffi');
    },
    120_000,
  );

  const pocl = existsSync('/etc/OpenCL/vendors/pocl.icd');
  test.skipIf(!pocl && notice('PoCL is not installed (apt-get install pocl-opencl-icd)'))(
    'PoCL, a kernel from source',
    async () => {
      const env = { OCL_ICD_VENDORS: '/etc/OpenCL/vendors/pocl.icd', POCL_CACHE_DIR: join(folder, 'pocl') };
      for (const ffi of ADAPTERS) holds(await run('portable', '', { CREMA_FFI: ffi, ...env }), ffi);
    },
    240_000,
  );

  const root = privateXrtRoot(join(folder, 'xrt'));
  test.skipIf(!root && notice('the Xilinx Runtime is not installed (apt-get install libxrt1)'))(
    "AMD's runtime in noop mode",
    async () => {
      const ini = join(folder, 'xrt.ini');
      writeFileSync(ini, '[Runtime]\nruntime_log=null\n');
      mkdirSync(join(folder, 'run'), { recursive: true });
      const env = {
        XILINX_XRT: root!,
        XCL_EMULATION_MODE: 'noop',
        XRT_INI_PATH: ini,
        SDACCEL_EM_RUN_DIR: join(folder, 'run'),
        USER: 'crema',
      };
      for (const ffi of ADAPTERS) holds(await run('xrt', xclbin(), { CREMA_FFI: ffi, ...env }), ffi);
    },
    240_000,
  );
});
