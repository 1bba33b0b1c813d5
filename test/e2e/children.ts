import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { buildPath, packageRoot } from '../../orchestrator/core/index.ts';
import type { SessionSettings } from '../../orchestrator/executor/index.ts';
import { xclbinPath } from '../../orchestrator/kernels/index.ts';
import { program } from '../programs.ts';

/** Whether the emulated card and its first bitstream are built; says so where they are not. */
export const simBuilt = existsSync(buildPath('sim', 'libcrema_sim.so')) && existsSync(xclbinPath('u250', 'f32'));
if (!simBuilt)
  console.log('notice: the emulated card or its bitstream is not built (npm run build), its cases are skipped');

export const SIM: SessionSettings = { device: 'sim', board: 'u250', config: 'f32', memory: 'strict', threads: 2 };

/** What train-child.ts prints. */
export interface Trained {
  readonly losses: number[];
  readonly digest: string;
  readonly launches: number;
  readonly ffi: string;
}

/** Trains in a process of its own: native libraries read their settings once per process. */
export async function trainChild(
  session: SessionSettings,
  iterations: number,
  env: Record<string, string> = {},
): Promise<Trained> {
  const args = [...program('test/e2e/train-child.ts'), JSON.stringify(session), String(iterations)];
  const { stdout } = await execa(process.execPath, args, { cwd: packageRoot(), env: { CREMA_SIM_QUIET: '1', ...env } });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Trained;
}
