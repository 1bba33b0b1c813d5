import { extname } from 'node:path';
import type { Command } from 'commander';
import { CremaError, nearest, usageError } from '../core/index.ts';
import { Session } from '../executor/index.ts';
import { closeNet, type Net } from '../net/index.ts';
import { loadNet, type NetGraph, netGraph } from '../recipes/index.ts';
import { netDot, netMermaid, netSvg } from '../report/index.ts';
import { writeAtomically } from '../snapshot/index.ts';
import { type Phase, phase, record } from './flag-values.ts';
import { printer } from './output.ts';
import { type CommonFlags, commonFlags, experimentOf, sessionSettings } from './settings.ts';

interface ShowFlags extends CommonFlags {
  format?: string;
  output?: string;
  phase: Phase;
  record?: [number, number, number];
}

/** Languages a net is drawn in; a new one: its function and one line here. */
const formats: ReadonlyMap<string, (graph: NetGraph) => string> = new Map([
  ['svg', netSvg],
  ['dot', netDot],
  ['mermaid', netMermaid],
]);
const endings: ReadonlyMap<string, string> = new Map([
  ['.svg', 'svg'],
  ['.dot', 'dot'],
  ['.gv', 'dot'],
  ['.mmd', 'mermaid'],
]);

function formatOf({ format, output }: ShowFlags): string {
  const name = format ?? endings.get(extname(output ?? '')) ?? 'svg';
  if (formats.has(name)) return name;
  const near = nearest(name, formats.keys());
  throw usageError({
    message: `--format ${name}`,
    expected: [...formats.keys()].join(', '),
    hint: near && `did you mean '${near}'?`,
    code: 'bad-format',
  });
}

/** Where a data source cannot be opened, a drawing can still be made with an assumed record. */
function load(file: string, flags: ShowFlags, seed: number): Net {
  const { phase, record } = flags;
  try {
    return loadNet(file, { phase, seed, record });
  } catch (error) {
    if (!(error instanceof CremaError) || error.kind !== 'data' || flags.record) throw error;
    const hint = '--record CxHxW draws it without its data';
    throw new CremaError(
      'data',
      error.problems.map((p) => ({ ...p, hint: p.hint ? `${p.hint}; ${hint}` : hint })),
      { cause: error },
    );
  }
}

function run(file: string, flags: ShowFlags): void {
  const format = formatOf(flags);
  const experiment = experimentOf(flags);
  const net = load(file, flags, experiment.seed);
  closeNet(net);
  const graph = netGraph(net, new Session(sessionSettings(experiment)).plan(net));
  const drawing = formats.get(format)!(graph);
  const out = printer(flags.json === true);
  const { output } = flags;
  if (output !== undefined) writeAtomically(output, Buffer.from(drawing));
  if (!out.json) {
    if (output === undefined) process.stdout.write(drawing);
    else out.line(`${output}: ${net.name} (${net.phase}), ${graph.nodes.length} boxes`);
  }
  out.result({ ...graph, format, ...(output === undefined ? { drawing } : { output }) });
}

/** `crema show`: a net as a drawing, coloured by where its layers run. Touches no card. */
export function show(program: Command): void {
  commonFlags(program.command('show <net>').description('draw a net as SVG, DOT or Mermaid, coloured by placement'))
    .option('--format <format>', `${[...formats.keys()].join(', ')}; else by the ending of --output, else svg`)
    .option('--output <file>', 'where to write it; stdout without it')
    .option('--phase <phase>', 'TRAIN or TEST', phase, 'TRAIN')
    .option('--record <CxHxW>', 'shape of a record, so that no data source is opened', record)
    .action(run);
}
