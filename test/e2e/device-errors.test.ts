import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildPath } from '../../orchestrator/core/index.ts';
import { loadBoard, loadManifest, packXclbin, xclbinPath } from '../../orchestrator/kernels/index.ts';
import { runAll, withFolder } from '../cli/commands.ts';
import { simBuilt } from './children.ts';
import { train, trainingFolder } from './training.ts';

const NET = `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 16 dim: 8 dim: 40 dim: 40 } } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } } }
`;

/** Containers that must be refused, by file name. */
function writeContainers(folder: string): void {
  const good = readFileSync(xclbinPath('u250', 'f32'));
  const board = loadBoard('u250');
  const small = { ...board, banks: board.banks.map((bank) => ({ ...bank, sizeMiB: 1 })) };
  const engine = readFileSync(buildPath('hls', 'f32', 'engine.so'));
  const files: Record<string, Uint8Array> = {
    'truncated.xclbin': good.subarray(0, 9000),
    'foreign.xclbin': Buffer.from('\u007fELF and not a container at all'.repeat(100)),
    'abi.xclbin': Buffer.from(good.toString('latin1').replace('"crema":{"abi":1', '"crema":{"abi":7'), 'latin1'),
    'other.xclbin': readFileSync(xclbinPath('u250', 'f32-strict')),
    'small.xclbin': packXclbin(small, loadManifest('u250', 'f32'), engine),
  };
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  writeFileSync(join(folder, 'net.prototxt'), NET);
}

interface Case {
  readonly args: readonly string[];
  readonly code: number;
  readonly says: RegExp;
  readonly hint: RegExp;
}

const withXclbin = (name: string) => ['--device', 'sim', '--set', `xclbin=${name}`];

const CASES: readonly Case[] = [
  { args: withXclbin('truncated.xclbin'), code: 5, says: /truncated\.xclbin.*(truncated|cut short|bytes)/, hint: /./ },
  { args: withXclbin('foreign.xclbin'), code: 5, says: /foreign\.xclbin/, hint: /./ },
  { args: withXclbin('abi.xclbin'), code: 5, says: /kernel ABI 7; expected ABI 1/, hint: /crema bitstream build/ },
  { args: withXclbin('other.xclbin'), code: 5, says: /u250\/f32-strict; expected u250\/f32/, hint: /bitstream build/ },
  { args: withXclbin('small.xclbin'), code: 5, says: /bytes in bank DDR\[0\].*left/, hint: /smaller batch|bank/ },
  { args: withXclbin('.'), code: 5, says: /cannot read the bitstream .*EISDIR/, hint: /path/ },
  { args: withXclbin('nothing.xclbin'), code: 5, says: /no bitstream .*nothing\.xclbin/, hint: /path/ },
  { args: ['--device', 'sim', '--board', 'u25'], code: 3, says: /no board named u25/, hint: /did you mean u250/ },
  { args: ['--device', 'sim', '--kernel-config', 'f23'], code: 3, says: /no config named f23/, hint: /f32/ },
];

const oneError = (stderr: string) => stderr.match(/^crema: /gm)?.length;

describe.skipIf(!simBuilt)('devices that cannot be used', () => {
  it('give one error with what was found, what was expected, and the command that mends it', () => {
    withFolder((folder) => {
      writeContainers(folder);
      const results = runAll(
        folder,
        CASES.map(({ args }) => ['time', '--model', 'net.prototxt', '--iterations', '1', ...args]),
        { CREMA_SIM_QUIET: '1', CREMA_SIM_MEMORY: 'strict' },
      );
      CASES.forEach(({ args, code, says, hint }, i) => {
        const { stderr, code: got } = results[i]!;
        expect(`${args.join(' ')}: exit ${got}, ${oneError(stderr)} error\n${stderr}`).toMatch(
          new RegExp(`exit ${code}, 1 error`),
        );
        expect(stderr).toMatch(says);
        expect(stderr).toMatch(new RegExp(`hint: .*${hint.source}|${hint.source}`));
      });
    });
  }, 120_000);

  it('say so where the OpenCL library, the Xilinx Runtime or the platform is not there', () => {
    withFolder((folder) => {
      writeFileSync(join(folder, 'net.prototxt'), NET);
      // The first library of that name is no library: as good as none.
      writeFileSync(join(folder, 'libOpenCL.so.1'), 'not a library');
      const time = ['time', '--model', 'net.prototxt', '--iterations', '1', '--device'];
      const env = { LD_LIBRARY_PATH: folder, XILINX_XRT: '', OCL_ICD_VENDORS: folder };
      const [platform, xrt] = runAll(
        folder,
        [
          [...time, 'Xylinx'],
          [...time, 'xrt', '--json'],
        ],
        env,
      );
      expect([platform!.code, oneError(platform!.stderr)]).toEqual([5, 1]);
      expect(platform!.stderr).toMatch(/libOpenCL\.so\.1/);
      expect(platform!.stderr).toMatch(/hint: .*(apt-get install ocl-icd|device: sim)/);
      expect([xrt!.code, oneError(xrt!.stderr)]).toEqual([5, 1]);
      expect(xrt!.stderr).toMatch(/XILINX_XRT is not set.*\n {2}hint: source/);
      expect(JSON.parse(xrt!.stdout).error).toMatchObject({ kind: 'device', problems: [{ code: 'xrt-root' }] });
    });
  }, 120_000);

  it('end a training before it begins: no run directory, no second start', async () => {
    const folder = trainingFolder({ maxIter: 4, snapshot: 2 });
    writeFileSync(join(folder, 'bad.xclbin'), readFileSync(xclbinPath('u250', 'f32')).subarray(0, 5000));
    const { code, stderr, stdout } = await train({
      folder,
      run: 'run',
      args: ['--json', '--set', `xclbin=${join(folder, 'bad.xclbin')}`],
    });
    expect([code, oneError(stderr)]).toEqual([5, 1]);
    expect(stderr).not.toMatch(/starting it again/);
    expect(JSON.parse(stdout).error.kind).toBe('device');
    expect(existsSync(join(folder, 'run'))).toBe(false);
    rmSync(folder, { recursive: true });
  }, 120_000);
});
