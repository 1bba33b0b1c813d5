import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildCard, buildPrograms, cleanEnvironment, sanitized, withVendorFolder } from './build.ts';

let kernels: string;
let programs: string;
beforeAll(() => {
  kernels = buildCard();
  programs = buildPrograms();
});

function run(program: string, args: string[], env: Record<string, string>) {
  const result = spawnSync(programs, [program, kernels, ...args], {
    env: cleanEnvironment(env),
    encoding: 'utf8',
    timeout: 50_000,
  });
  return { status: result.status, signal: result.signal, output: result.stdout + result.stderr };
}

const passed = { status: 0, signal: null, output: 'passed\n' };

describe.each(['errors', 'events', 'memory'])('%s of the emulated card', (name) => {
  it.each(['strict', 'shared'])('behave as documented in %s mode', (mode) => {
    expect(run(name, [], { CREMA_SIM_MEMORY: mode, CREMA_SIM_THREADS: '3' })).toEqual(passed);
  });
});

describe('faults of the emulated card', () => {
  it.each([
    ['hang', 'one compute unit is busy for ever, the others and the transfers go on'],
    ['dead', 'nothing completes any more'],
    ['wrong', 'errors, stale and flipped results, delays at the scripted launches'],
    ['script', 'a script it does not understand is refused'],
  ])('%s: %s', (scenario) => {
    expect(run('faults', [scenario], {})).toEqual(passed);
  });

  it('kill ends the process', () => {
    expect(run('faults', ['kill'], {})).toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('cost of a launch', () => {
  it('is small, and an idle card uses no processor', () => {
    const { output, status } = run('latency', [], {});
    expect(status).toBe(0);
    const cost = JSON.parse(output);
    // Far above what is measured (about 10 us): this guards against sleeping or burning, not against a busy machine.
    if (!sanitized) expect(cost.launch).toBeLessThan(1000);
    expect(cost.idle).toBeLessThan(0.2);
  });
});

describe.skipIf(sanitized)('through the ICD loader', () => {
  const clinfo = (env: Record<string, string>) =>
    withVendorFolder((folder) =>
      spawnSync('clinfo', [], { env: cleanEnvironment({ OCL_ICD_VENDORS: folder, ...env }), encoding: 'utf8' }),
    );

  it('clinfo lists the card', ({ skip }) => {
    const result = clinfo({});
    if (result.error) skip('clinfo is not installed');
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/Platform Name +Crema \(emulated Xilinx\)/);
    expect(result.stdout).toMatch(/Device Name +xilinx_u250_gen3x16_xdma_4_1_202210_1 \(emulated\)/);
    expect(result.stdout).toMatch(/Global memory size +68719476736/);
    expect(result.stdout).toMatch(/Device Type +Accelerator/);
  });

  it('clinfo lists the cards of board files', ({ skip }) => {
    const boards = ['u50', 'zcu102'].map((name) => join(import.meta.dirname, `../../hls/boards/${name}.yaml`));
    const result = clinfo({ CREMA_SIM_BOARDS: boards.join(':') });
    if (result.error) skip('clinfo is not installed');
    expect(result.stdout).toMatch(/Number of devices +2/);
    expect(result.stdout).toMatch(/xilinx_u50_gen3x16_xdma_5_202210_1 \(emulated\)/);
    expect(result.stdout).toMatch(/Max memory allocation +268435456/);
    expect(result.stdout).toMatch(/Max clock frequency +250MHz/);
  });

  it('a board file it cannot read leaves the platform out', ({ skip }) => {
    const result = withVendorFolder((folder) => {
      const board = join(folder, 'bad.yaml');
      writeFileSync(board, 'name: bad\nbanks:\n  - { tag: "X", sizeMiB: none }\n');
      const env = { OCL_ICD_VENDORS: folder, CREMA_SIM_BOARDS: board, CREMA_SIM_QUIET: '' };
      return spawnSync('clinfo', [], {
        env: { ...cleanEnvironment(env), CREMA_SIM_QUIET: undefined },
        encoding: 'utf8',
      });
    });
    if (result.error) skip('clinfo is not installed');
    expect(result.stdout).toMatch(/Number of platforms +0/);
    expect(result.stderr).toContain('bad.yaml:3: expected a positive number, found "none"');
  });
});
