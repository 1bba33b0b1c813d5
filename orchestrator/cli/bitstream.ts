import { existsSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { buildPath, usageError } from '../core/index.ts';
import {
  buildXclbin,
  loadManifest,
  manifestBoards,
  manifestConfigs,
  manifestPath,
  readXclbin,
  xclbinPath,
} from '../kernels/index.ts';
import { readInput } from '../recipes/index.ts';
import { printer, table } from './output.ts';

interface BuildFlags {
  target: string;
  board: string;
  kernelConfig: string;
  output?: string;
  all?: boolean;
  ifStale?: boolean;
  json?: boolean;
}

const enginePath = (board: string, config: string) => buildPath('hls', loadManifest(board, config).engine, 'engine.so');

/** The xclbin is older than the engine inside it or the manifest around it. */
function stale(board: string, config: string): boolean {
  const file = xclbinPath(board, config);
  if (!existsSync(file)) return true;
  const made = statSync(file).mtimeMs;
  return [enginePath(board, config), manifestPath(board, config)].some(
    (part) => existsSync(part) && statSync(part).mtimeMs > made,
  );
}

function build(flags: BuildFlags): void {
  if (flags.target !== 'sw_emu') {
    throw usageError({
      message: `--target ${flags.target} is not built here`,
      expected: 'sw_emu',
      hint: 'hardware bitstreams come from v++: make -C hls hw (untested on hardware)',
      code: 'bad-target',
    });
  }
  const out = printer(flags.json === true);
  const every = () => manifestBoards().flatMap((board) => manifestConfigs(board).map((config) => ({ board, config })));
  const wanted = flags.all ? every() : [{ board: flags.board, config: flags.kernelConfig }];
  // --all packs what is compiled; a config asked for by name must be there.
  const compiled = wanted.filter(({ board, config }) => !flags.all || existsSync(enginePath(board, config)));
  const passedOver = wanted.filter((one) => !compiled.includes(one)).map(({ board, config }) => `${board}/${config}`);
  const built = compiled
    .filter(({ board, config }) => !flags.ifStale || stale(board, config))
    .map(({ board, config }) => ({
      board,
      config,
      ...buildXclbin({ board, config, target: 'sw_emu', ...(flags.output && { output: flags.output }) }),
    }));
  if (!out.json) for (const b of built) out.line(`${b.board}/${b.config}: ${b.path} (${b.bytes} bytes)`);
  if (!out.json && passedOver.length > 0 && !flags.ifStale) {
    out.line(`not compiled: ${passedOver.join(', ')} (npm run build)`);
  }
  out.result({ built, passedOver });
}

function inspect(file: string, flags: { json?: boolean }): void {
  const found = readXclbin(readInput(file, 'xclbin'), file);
  const out = printer(flags.json === true);
  if (!out.json) {
    out.line(`${file}: platform ${found.platform}, uuid ${found.uuid}`);
    if (found.crema)
      out.line(`kernel ABI ${found.crema.abi}, ${found.crema.board}/${found.crema.config}, ${found.crema.arithmetic}`);
    out.line(`compute units: ${found.units.join(', ')}`);
    out.line(
      table(
        ['bank', 'GiB', 'used'],
        found.banks.map((b) => [b.tag, b.bytes / 2 ** 30, b.used ? 'yes' : 'no']),
      ),
    );
    out.line(
      table(
        ['section', 'kind', 'bytes'],
        found.sections.map((s) => [s.name, s.kind, s.bytes]),
      ),
    );
  }
  out.result(found);
}

/** `crema bitstream build|inspect`. */
export function bitstream(program: Command): void {
  const verb = program
    .command('bitstream')
    .description("build the emulated card's xclbin, or look into one")
    .exitOverride();
  verb
    .command('build')
    .description('pack a g++-built engine as an xclbin')
    .option('--target <target>', 'sw_emu', 'sw_emu')
    .option('--board <board>', 'board', 'u250')
    .option('--kernel-config <config>', 'bitstreams/<board>/<config>', 'f32')
    .option('--output <file>', 'where to write it')
    .option('--all', 'every board and config')
    .option('--if-stale', 'only where the engine or the manifest is newer')
    .option('--json', 'one JSON object on stdout')
    .exitOverride()
    .action(build);
  verb
    .command('inspect <file>')
    .description('banks, compute units and sections of an xclbin')
    .option('--json', 'one JSON object on stdout')
    .exitOverride()
    .action(inspect);
}
