// Runs several command lines in one process, because starting one costs seconds; answers with what each printed.
import { writeFileSync } from 'node:fs';
import { runCommand } from '../../orchestrator/cli/run.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const [answer, commands] = process.argv.slice(2) as [string, string];

async function captured(args: readonly string[]): Promise<Ran> {
  const text = { stdout: '', stderr: '' };
  const real = { stdout: process.stdout.write, stderr: process.stderr.write };
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((chunk: string | Uint8Array) => {
      text[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
      return true;
    }) as typeof process.stdout.write;
  }
  try {
    const code = await runCommand(args);
    return { code, ...text };
  } finally {
    process.stdout.write = real.stdout;
    process.stderr.write = real.stderr;
  }
}

const results: Ran[] = [];
for (const args of JSON.parse(commands) as string[][]) results.push(await captured(args));
writeFileSync(answer, JSON.stringify(results));
process.exitCode = 0;
