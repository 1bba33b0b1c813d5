import { Command, CommanderError } from 'commander';
import { EXIT, packageVersion } from '../core/index.ts';
import { normaliseArguments } from './arguments.ts';
import { reportError } from './output.ts';
import { verbsFor } from './verbs.ts';

/** Runs one command line (without node and script) and gives its exit code; prints, but does not end the process. */
export async function runCommand(given: readonly string[]): Promise<number> {
  const args = normaliseArguments(given);
  const json = args.includes('--json') || args.includes('--jsonl');
  const program = new Command('crema')
    .description('Trains Caffe networks with their convolutions on an FPGA, real or emulated')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ writeErr: (text) => void process.stderr.write(text.replace(/^error: /, 'crema: ')) });
  for (const verb of await verbsFor(args)) verb(program);
  for (const command of program.commands) command.exitOverride();
  process.exitCode = undefined;
  try {
    await program.parseAsync(args, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    // Commander has printed its own message; help and version leave with 0.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      const problems = [{ message: error.message.replace(/^error: /, ''), code: error.code }];
      if (json) process.stdout.write(`${JSON.stringify({ error: { kind: 'usage', problems } })}\n`);
      return EXIT.usage;
    }
    return reportError(error, json);
  }
}
