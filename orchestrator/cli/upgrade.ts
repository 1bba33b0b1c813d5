import type { Command } from 'commander';
import { printable, usageError } from '../core/index.ts';
import { type TextKind, upgradeFile } from '../recipes/index.ts';
import { writeAtomically } from '../snapshot/index.ts';
import { choice } from './flag-values.ts';
import { printer } from './output.ts';

interface UpgradeFlags {
  output?: string;
  kind?: TextKind;
  json?: boolean;
}

function run(file: string, flags: UpgradeFlags): void {
  const { output, kind } = flags;
  const result = upgradeFile(file, { kind });
  const text = result.kind === 'caffemodel' ? undefined : result.content.toString('utf8');
  if (output === undefined && text === undefined) {
    throw usageError({
      message: 'weights are not written to a terminal',
      expected: '--output file.caffemodel',
      code: 'no-output',
    });
  }
  for (const note of result.notes) process.stderr.write(`crema: ${printable(note)}\n`);
  if (output !== undefined) writeAtomically(output, result.content);
  const out = printer(flags.json === true);
  const { upgrades } = result;
  if (!out.json) {
    if (output === undefined) process.stdout.write(text!);
    else
      out.line(`${output}: ${upgrades.length > 0 ? `upgraded (${upgrades.join(', ')})` : "already in today's form"}`);
  }
  const { notes } = result;
  out.result({ file, kind: result.kind, upgrades, notes, ...(output === undefined ? { text } : { output }) });
}

/** `crema upgrade`: Caffe's three upgrade tools in one. */
export function upgrade(program: Command): void {
  program
    .command('upgrade <file>')
    .description("write a legacy net, solver or caffemodel in today's form")
    .option('--output <file>', 'where to write it; a text goes to stdout without it')
    .option('--kind <kind>', 'net or solver; guessed from the content', choice('--kind', ['net', 'solver']))
    .option('--json', 'one JSON object on stdout, the rest on stderr')
    .exitOverride()
    .action(run);
}
