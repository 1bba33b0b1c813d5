import { arch, cpus, platform, totalmem } from 'node:os';
import type { Command } from 'commander';
import { EXIT } from '../core/index.ts';
import { examine, type Finding } from '../recipes/index.ts';
import { printer, table } from './output.ts';

interface DoctorFlags {
  json?: boolean;
}

const GROUPS = ['machine', 'build', 'cards', 'data'] as const;

const stateOf = (f: Finding) => (f.state === 'missing' && !f.needed ? 'absent' : f.state);

async function run(flags: DoctorFlags): Promise<void> {
  const out = printer(flags.json === true);
  const { ready, findings } = await examine();
  const wrong = findings.filter((f) => f.state !== 'ok');
  if (!out.json) {
    const { model } = cpus()[0] ?? { model: 'unknown processor' };
    out.line(`${platform()} ${arch()}, ${cpus().length} × ${model.trim()}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`);
    const rows = GROUPS.flatMap((group) =>
      findings.filter((f) => f.group === group).map((f, i) => [i === 0 ? group : '', f.name, stateOf(f), f.detail]),
    );
    out.line(table(['', 'what', 'state', 'found'], rows));
    for (const [title, list] of [
      ['To mend', wrong.filter((f) => f.needed || f.state === 'stale')],
      ['Optional', wrong.filter((f) => !f.needed && f.state !== 'stale')],
    ] as const) {
      if (list.length > 0) out.line(`\n${title}:`);
      // One command may mend several things.
      for (const mend of new Set(list.map((f) => f.mend ?? ''))) {
        const names = list.filter((f) => (f.mend ?? '') === mend).map((f) => f.name);
        out.line(`  ${names.join(', ')}: ${mend}`);
      }
    }
    out.line(`\ntraining on the emulated card: ${ready ? 'ready' : 'not ready'}`);
  }
  out.result({ ready, findings });
  if (!ready) process.exitCode = EXIT.device;
}

/** `crema doctor`: what is there, what is missing, and the command that mends it. */
export function doctor(program: Command): void {
  program
    .command('doctor')
    .description('look at the machine, the build, the cards and the data libraries')
    .option('--json', 'one JSON object on stdout')
    .exitOverride()
    .action(run);
}
