import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildPath, packageRoot } from '../../core/index.ts';
import {
  checkXclbin,
  loadManifest,
  manifestBoards,
  manifestConfigs,
  manifestPath,
  xclbinPath,
} from '../../kernels/index.ts';
import type { Finding } from './finding.ts';

const SOURCES = /\.(cpp|hpp|inc|h)$|^Makefile$/;

/** Time of the newest source below a folder; 0 where there is none (an installed package has no sources). */
function newest(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && SOURCES.test(entry.name))
    .reduce((time, entry) => Math.max(time, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0);
}

const shown = (file: string) => {
  const short = relative(packageRoot(), file);
  return short.startsWith('..') ? file : short;
};

/** A library against the sources it is made from. */
function library(name: string, file: string, folders: readonly string[], needed: boolean): Finding {
  const base = { group: 'build', name, needed, mend: 'npm run build:native' } as const;
  if (!existsSync(file)) return { ...base, state: 'missing', detail: `${shown(file)} is not built` };
  const made = statSync(file).mtimeMs;
  const changed = folders.some((folder) => newest(join(packageRoot(), folder)) > made);
  return changed
    ? { ...base, state: 'stale', detail: `${shown(file)} is older than its sources` }
    : { ...base, state: 'ok', detail: shown(file) };
}

/** Default of experiment.yaml: the one bitstream that a first run needs. */
const FIRST = 'u250/f32';

function bitstream(board: string, config: string): Finding {
  const file = xclbinPath(board, config);
  const name = `bitstream ${board}/${config}`;
  const mend = `crema bitstream build --board ${board} --kernel-config ${config}`;
  const base = { group: 'build', name, needed: `${board}/${config}` === FIRST, mend } as const;
  try {
    const manifest = loadManifest(board, config);
    if (!existsSync(file)) return { ...base, state: 'missing', detail: `${shown(file)} is not built` };
    checkXclbin(readFileSync(file), manifest, shown(file));
    const engine = buildPath('hls', manifest.engine, 'engine.so');
    const made = statSync(file).mtimeMs;
    const old = [engine, manifestPath(board, config)].find((part) => existsSync(part) && statSync(part).mtimeMs > made);
    if (old) return { ...base, state: 'stale', detail: `${shown(file)} is older than ${shown(old)}` };
    return { ...base, state: 'ok', detail: shown(file) };
  } catch (error) {
    return { ...base, state: 'stale', detail: (error as Error).message.split('\n')[0]! };
  }
}

/** Native libraries and bitstreams: there, and no older than what they are made from. */
export function examineBuild(): Finding[] {
  const boards = manifestBoards().flatMap((board) => manifestConfigs(board).map((config) => [board, config] as const));
  const engines = [...new Set(boards.map(([board, config]) => loadManifest(board, config).engine))].sort();
  const first = loadManifest(...(FIRST.split('/') as [string, string])).engine;
  return [
    library('host layers', buildPath('host', 'libcrema_host.so'), ['host'], true),
    library('card emulator', buildPath('sim', 'libcrema_sim.so'), ['sim'], true),
    ...engines.map((e) =>
      library(`engine ${e}`, buildPath('hls', e, 'engine.so'), ['hls/engine', 'hls/emulation'], e === first),
    ),
    ...boards.map(([board, config]) => bitstream(board, config)),
  ];
}
