import type { Command } from 'commander';
import { CremaError, EXIT, printable } from '../core/index.ts';
import {
  type Inspected,
  type InspectedText,
  type InspectOptions,
  inspectFile,
  isText,
  type NetVerdict,
  type SolverVerdict,
} from '../recipes/index.ts';
import { choice, levelNumber, type Phase, phase, record } from './flag-values.ts';
import { type Printer, printer, table } from './output.ts';

interface InspectFlags {
  kind?: 'net' | 'solver';
  phase: Phase;
  level?: number;
  stage?: string;
  record?: [number, number, number];
  json?: boolean;
  jsonl?: boolean;
}

function optionsOf(flags: InspectFlags): InspectOptions {
  const { kind, phase, record, level, stage } = flags;
  return {
    kind,
    phase,
    record,
    ...(level !== undefined && { level }),
    ...(stage !== undefined && { stages: stage.split(',') }),
  };
}

type Answer = { readonly inspected: Inspected } | { readonly error: CremaError };

function inspectOne(file: string, options: InspectOptions): Answer {
  try {
    return { inspected: inspectFile(file, options) };
  } catch (error) {
    if (error instanceof CremaError && error.kind !== 'internal') return { error };
    throw error;
  }
}

function asObject(file: string, answer: Answer): object {
  if ('inspected' in answer) return answer.inspected;
  return { file, error: { kind: answer.error.kind, problems: answer.error.problems } };
}

function run(files: readonly string[], flags: InspectFlags): void {
  const options = optionsOf(flags);
  const out = printer(flags.json === true || flags.jsonl === true);
  const objects: object[] = [];
  for (const file of files) {
    const answer = inspectOne(file, options);
    const code = describe(answer, out, files.length > 1);
    if (code !== 0) process.exitCode ??= code;
    if (flags.jsonl) out.result(asObject(file, answer));
    else objects.push(asObject(file, answer));
  }
  if (!flags.jsonl) out.result(objects.length === 1 ? objects[0] : { files: objects });
}

/** Prints for people; returns the exit code that this file asks for. */
function describe(answer: Answer, out: Printer, several: boolean): number {
  if ('error' in answer) {
    process.stderr.write(`crema: ${answer.error.message}\n`);
    return answer.error.exitCode;
  }
  const { inspected } = answer;
  if (several && !out.json) out.line(`== ${printable(inspected.file)}`);
  if (!isText(inspected)) {
    if (!out.json) out.line(describeBinary(inspected));
    return 0;
  }
  const rejected = isRejected(inspected);
  if (!out.json) for (const line of describeText(inspected)) out.line(line);
  if (rejected) process.stderr.write(`crema: ${new CremaError('input', inspected.problems).message}\n`);
  return rejected ? EXIT.input : 0;
}

const isRejected = ({ parse, net, solver }: InspectedText) =>
  [parse.verdict, net?.verdict, solver?.verdict].includes('reject');

const shapeText = (shape: readonly number[]) => (shape.length > 0 ? shape.join('×') : 'scalar');
const grouped = (n: number) => n.toLocaleString('en');

function describeBinary(inspected: Exclude<Inspected, InspectedText>): string {
  switch (inspected.kind) {
    case 'records': {
      const { store, records, shape, encoded } = inspected;
      return `${store}: ${grouped(records)} records of ${shapeText(shape)}${encoded ? ', compressed pictures' : ''}`;
    }
    case 'xclbin':
      return `xclbin for ${inspected.platform}, uuid ${inspected.uuid}, compute units ${inspected.units.join(', ')}`;
    default: {
      const { kind, name, iteration, learned_net, arrays, elements } = inspected;
      const head = [
        kind,
        ...(name ? [`net ${name}`] : []),
        ...(iteration === undefined ? [] : [`iteration ${iteration}`]),
        ...(learned_net ? [`weights in ${learned_net}`] : []),
        `${grouped(elements)} elements`,
      ];
      const rows = arrays.map((a) => [a.name, shapeText(a.shape), a.elements]);
      return `${printable(head.join(', '))}\n${table(['array', 'shape', 'elements'], rows)}`;
    }
  }
}

function describeText(inspected: InspectedText): string[] {
  const { kind, net, solver, upgrade, notes } = inspected;
  const lines = notes.map((note) => `note: ${printable(note)}`);
  if (upgrade && upgrade.length > 0) lines.push(`legacy form: needs ${upgrade.join(', ')} (crema upgrade writes it)`);
  if (net) lines.push(...describeNet(net));
  else if (solver) lines.push(...describeSolver(solver));
  else lines.push(`no ${kind}: the text cannot be read`);
  return lines;
}

function describeNet(net: NetVerdict): string[] {
  if (net.verdict === 'not_inferable') {
    const where = net.at_layer ? `${net.at_layer}: ` : '';
    return [
      `a net whose shapes the text does not tell: ${printable(`${where}${net.reason}`)}`,
      '  hint: --record CxHxW assumes the shape of a record',
    ];
  }
  if (net.verdict === 'reject') return [`no net in phase ${net.phase}`];
  const rows = (net.layers ?? []).map((l) => [
    l.name,
    l.type,
    l.bottoms.join(' '),
    l.tops.map((top, i) => `${top} ${shapeText(l.shapes[i]!)}`).join(', '),
    l.param_count || '',
    l.macs || '',
  ]);
  return [
    table(['layer', 'type', 'from', 'to', 'parameters', 'MACs'], rows),
    `${net.layer_count} layers (${net.phase}), ${grouped(net.param_count ?? 0)} parameters, ` +
      `${grouped((net.conv_macs ?? 0) + (net.ip_macs ?? 0))} multiply-accumulates forward for the batch ` +
      `(convolution ${grouped(net.conv_macs ?? 0)}, inner product ${grouped(net.ip_macs ?? 0)})`,
  ];
}

function describeSolver(solver: SolverVerdict): string[] {
  if (solver.type === undefined) return ['no solver'];
  const head = `${solver.type}, lr_policy ${solver.lr_policy}, ${solver.max_iter} iterations, solver_mode ${solver.mode}`;
  const rows = Object.entries(solver.lr ?? {}).map(([iteration, rate]) => [iteration, rate]);
  return [printable(head), ...(rows.length > 0 ? [table(['iteration', 'rate'], rows)] : [])];
}

/** `crema inspect`: what a file is. A text that Caffe would refuse ends with 3; with --json its object is printed all the same. */
export function inspect(program: Command): void {
  program
    .command('inspect <files...>')
    .description(
      'what a file is: verdict, shapes, parameters, MACs and rates of a net or solver; contents of other files',
    )
    .option('--kind <kind>', 'net or solver; guessed from the content', choice('--kind', ['net', 'solver']))
    .option('--phase <phase>', 'TRAIN or TEST', phase, 'TRAIN')
    .option('--level <n>', 'level of the net state', levelNumber('--level'))
    .option('--stage <names>', 'stages of the net state, comma-separated')
    .option('--record <CxHxW>', 'shape of a record; no file that the text names is opened then', record)
    .option('--json', 'one JSON object on stdout')
    .option('--jsonl', 'one JSON object for each file, a line each')
    .exitOverride()
    .action(run);
}
