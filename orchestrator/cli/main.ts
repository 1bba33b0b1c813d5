import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { EXIT, packageRoot } from '../core/index.ts';
import { normaliseArguments } from './arguments.ts';
import { reportError } from './output.ts';
import { verbs } from './verbs.ts';

async function main(): Promise<number> {
  const args = normaliseArguments(process.argv.slice(2));
  const json = args.includes('--json') || args.includes('--jsonl');
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  const program = new Command('crema')
    .description('Trains Caffe networks with their convolutions on an FPGA, real or emulated')
    .version(version)
    .exitOverride()
    .configureOutput({ writeErr: (text) => void process.stderr.write(text.replace(/^error: /, 'crema: ')) });
  for (const verb of verbs) verb(program);
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    // Commander has printed its own message; help and version leave with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    return reportError(error, json);
  }
}

// A reader that closes the pipe early (head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

process.exitCode = await main();
