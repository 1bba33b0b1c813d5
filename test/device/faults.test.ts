import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPath } from '../../orchestrator/core/index.ts';
import { probeDevices } from '../../orchestrator/device/index.ts';
import { program } from '../programs.ts';
import { demoXclbin } from './demo.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-faults-'));
const file = join(folder, 'small.xclbin');
const other = join(folder, 'other.xclbin');
const sim = existsSync(buildPath('sim', 'libcrema_sim.so'));
if (!sim) console.log('skipped: the emulated card is not built (npm run build:native)');

beforeAll(() => {
  writeFileSync(file, demoXclbin({ banks: [2 ** 20] }));
  writeFileSync(other, demoXclbin({ banks: [2 ** 21] }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Result {
  ok?: boolean;
  kind?: string;
  code?: string;
  message: string;
  seconds: number;
}

async function runAll(scenarios: readonly string[], env: Record<string, string> = {}, image = file): Promise<Result[]> {
  const { stdout } = await execa(
    process.execPath,
    [...program('test/device/fault-child.ts'), scenarios.join(','), image, other],
    {
      env: { CREMA_SIM_QUIET: '1', ...env },
      timeout: 50_000,
    },
  );
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Result);
}

const run = async (scenario: string, env: Record<string, string> = {}): Promise<Result> =>
  (await runAll([scenario], env))[0]!;

describe.skipIf(!sim)('what fails says so', () => {
  test('a hang expires after its deadline, names the launch, and the process can leave', async () => {
    const result = await run('hang', { CREMA_SIM_FAULT: 'hang@2' });
    expect([result.kind, result.code]).toEqual(['device', 'deadline']);
    expect(result.message).toMatch(/launch 2 did not finish within 0.3 s/);
    expect(result.message).toMatch(/--resume/);
    expect(result.seconds).toBeLessThan(10);
  });

  test('a failed launch is named as the first, not the commands behind it', async () => {
    const result = await run('error', { CREMA_SIM_FAULT: 'error@2=-5' });
    expect([result.kind, result.code]).toEqual(['device', 'command-failed']);
    expect(result.message).toMatch(/launch 2: CL_OUT_OF_RESOURCES \(-5\)/);
  });

  test('a launch that failed while others were waited for is not read as if it had run', async () => {
    const result = await run('seen', { CREMA_SIM_FAULT: 'error@1=-5' });
    expect([result.kind, result.code]).toEqual(['device', 'command-failed']);
    expect(result.message).toMatch(/launch 1.*failed: CL_OUT_OF_RESOURCES \(-5\)/);
  });

  test('what the runtime refuses of a list is named, and what is behind it never counts as done', async () => {
    const image = join(folder, 'wired.xclbin');
    writeFileSync(image, demoXclbin({ banks: [2 ** 20, 2 ** 21], wiring: [0, 0, 1, 0, 0] }));
    const [refused, behind, recovered] = await runAll(['refused', 'behind', 'recovered'], {}, image);
    expect([refused!.kind, refused!.code]).toEqual(['device', 'CL_MEM_OBJECT_ALLOCATION_FAILURE']);
    expect(refused!.message).toMatch(/enqueueing launch conv1/);
    expect([behind!.kind, behind!.code]).toEqual(['device', 'command-failed']);
    expect(behind!.message).toMatch(/download c failed.*first to fail was conv1: CL_MEM_OBJECT_ALLOCATION_FAILURE/);
    expect(recovered!.ok).toBe(true);
  });

  test('an argument that the runtime refuses is named', async () => {
    const image = join(folder, 'wide.xclbin');
    const text = Buffer.from(demoXclbin({ banks: [2 ** 20] })).toString('latin1');
    writeFileSync(image, Buffer.from(text.replace('size="0x4" offset="0x4c"', 'size="0x8" offset="0x4c"'), 'latin1'));
    const [result] = await runAll(['healthy'], {}, image);
    expect([result!.kind, result!.code]).toEqual(['device', 'CL_INVALID_ARG_SIZE']);
    expect(result!.message).toMatch(/launch 1: setting kernel argument 5: CL_INVALID_ARG_SIZE/);
  });

  test('the same session is well without a fault, and buffers give their bank back', async () => {
    for (const result of await runAll(['healthy', 'freed', 'healthy'])) expect(result.ok).toBe(true);
  });

  test('bad requests, one after another in one process', async () => {
    const expected: [string, string, string | undefined, RegExp][] = [
      ['bank-full', 'device', 'bank-full', /conv1.data needs 4194304 bytes in bank DDR\[0\].* 1044480 of 1048576 left/],
      ['unaligned', 'device', 'unaligned', /host memory of odd/],
      ['abi', 'input', 'kernel-abi', /kernel ABI 1; expected 7/],
      ['index', 'device', 'no-device', /number 3 was asked for/],
      ['source', 'device', 'CL_INVALID_OPERATION', /CL_INVALID_OPERATION \(-59\)/],
      ['operand', 'internal', undefined, /100 bytes of descriptors/],
      ['second', 'device', 'CL_OUT_OF_RESOURCES', /other.xclbin.*CL_OUT_OF_RESOURCES \(-5\)/],
    ];
    const results = await runAll(expected.map(([name]) => name));
    expected.forEach(([name, kind, code, message], i) => {
      expect([name, results[i]?.kind, results[i]?.code]).toEqual([name, kind, code]);
      expect(results[i]?.message).toMatch(message);
    });
  });

  test('the Xilinx Runtime is not called where it would end the process', async () => {
    const { XILINX_XRT: _, ...clean } = process.env as Record<string, string>;
    expect((await run('xrt', { ...clean, XILINX_XRT: '' })).message).toMatch(/XILINX_XRT is not set/);
    const wrong = await run('xrt', { XILINX_XRT: folder, XCL_EMULATION_MODE: 'sw_emu' });
    expect(wrong.message).toMatch(/libxrt_swemu.so.2 does not exist/);
    const mode = await run('xrt', { XILINX_XRT: folder, XCL_EMULATION_MODE: 'fast' });
    expect(mode.message).toMatch(/XCL_EMULATION_MODE is "fast"; expected sw_emu, hw_emu, noop/);
  });
});

test.skipIf(!existsSync('/etc/OpenCL/vendors/pocl.icd'))('an unknown platform names those that are there', async () => {
  const result = await run('platform');
  expect([result.kind, result.code]).toEqual(['device', 'no-platform']);
  expect(result.message).toMatch(/no OpenCL platform "Xylinx"; expected one of .*Portable Computing Language/);
});

test('probes look at every route and survive what they find', async () => {
  const probes = await probeDevices(30_000);
  expect(probes.map((probe) => probe.route)).toEqual(['sim', 'icd', 'xrt']);
  for (const probe of probes) {
    expect(probe.platforms.length > 0).toBe(probe.failure === undefined);
    if (probe.failure !== undefined) expect(probe.mend).toBeTruthy();
  }
  if (sim) expect(probes[0]?.platforms[0]?.devices[0]?.globalMemory).toBeGreaterThan(2 ** 20);
});
