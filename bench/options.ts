import { type ParseArgsConfig, parseArgs } from 'node:util';
import { CremaError, usageError } from '../orchestrator/core/index.ts';

type Option = NonNullable<ParseArgsConfig['options']>[string] & {
  /** What it says, in a few words; `<…>` names its value. */
  readonly about: string;
};

/**
 * The options of a development command (`npm run NAME -- …`). `--help` lists them and ends the process. Throws a usage CremaError for one
 * that is not there, or that lacks its value.
 */
export function readOptions<const T extends Record<string, Option>>(
  command: string,
  purpose: string,
  options: T,
  args = process.argv.slice(2),
) {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(helpText(command, purpose, options));
    process.exit(0);
  }
  try {
    return parseArgs<{ args: string[]; options: T }>({ args, options }).values;
  } catch (error) {
    if (!(error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')))
      throw error;
    throw usageError({
      message: error.message.split('. ')[0]!,
      expected: Object.keys(options)
        .map((name) => `--${name}`)
        .join(', '),
      hint: `${command} --help`,
      code: 'bad-option',
    });
  }
}

function helpText(command: string, purpose: string, options: Record<string, Option>): string {
  const rows = Object.entries(options).map(([name, { type, about, default: given }]) => {
    const value = type === 'string' ? ` ${/<.*>/.exec(about)?.[0] ?? '<value>'}` : '';
    const otherwise = type === 'string' && given !== undefined && given !== '' ? ` (${given} where absent)` : '';
    return [`--${name}${value}`, (about.replace(/\s*<.*>\s*/, '') + otherwise).trim()] as const;
  });
  const width = Math.max(...rows.map(([flag]) => flag.length)) + 2;
  return `${command} [options]\n\n${purpose}\n\n${rows.map(([flag, about]) => `  ${flag.padEnd(width)}${about}\n`).join('')}`;
}

/** Runs a development command: what it refuses is one line on stderr and an exit code. */
export async function runProgram(main: () => void | Promise<void>): Promise<void> {
  // A reader that closes the pipe early (head) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  try {
    await main();
  } catch (error) {
    if (!(error instanceof CremaError)) throw error;
    process.stderr.write(`crema: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
