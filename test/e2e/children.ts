import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { buildPath, packageRoot } from '../../orchestrator/core/index.ts';
import type { SessionSettings } from '../../orchestrator/executor/index.ts';
import { xclbinPath } from '../../orchestrator/kernels/index.ts';

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

const root = packageRoot();
export const fromSources = ['--import', 'tsx'];

/** Node's arguments for the command line: compiled where that is up to date (as in `npm test`), since it starts sooner. */
export function commandLine(): string[] {
  const stamp = join(root, 'dist', '.stamp');
  const made = existsSync(stamp) ? statSync(stamp).mtimeMs : 0;
  const sources = join(root, 'orchestrator');
  const changed = readdirSync(sources, { recursive: true, encoding: 'utf8' }).some(
    (file) => statSync(join(sources, file)).mtimeMs > made,
  );
  return changed ? [...fromSources, join(sources, 'cli', 'main.ts')] : [join(root, 'bin', 'crema.js')];
}

/** Trains in a process of its own: native libraries read their settings once per process. */
export async function trainChild(
  session: SessionSettings,
  iterations: number,
  env: Record<string, string> = {},
): Promise<Trained> {
  const child = join(root, 'test', 'e2e', 'train-child.ts');
  const args = [...fromSources, child, JSON.stringify(session), String(iterations)];
  const { stdout } = await execa(process.execPath, args, { cwd: root, env: { CREMA_SIM_QUIET: '1', ...env } });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Trained;
}
