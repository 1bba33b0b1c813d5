import { type Probe, probeDevices } from '../device/index.ts';
import { examineBuild } from './doctor/build.ts';
import type { Finding } from './doctor/finding.ts';
import { examineLibraries } from './doctor/libraries.ts';
import { examineMachine } from './doctor/machine.ts';

export type { Finding } from './doctor/finding.ts';

/** What a machine has and lacks. `ready`: training on the emulated card has all it needs. */
export interface Examination {
  readonly ready: boolean;
  readonly findings: readonly Finding[];
}

/** How the cards answered. Only the emulated one is needed. */
function examineCards(probes: readonly Probe[]): Finding[] {
  return probes.map(({ route, title, platforms, failure, mend }): Finding => {
    const names = platforms.flatMap((p) => p.devices.map((d) => d.name)).join(', ');
    const base = { group: 'cards', name: title, needed: route === 'sim' } as const;
    return failure === undefined
      ? { ...base, state: 'ok', detail: names || 'a platform without devices' }
      : { ...base, state: 'missing', detail: failure, mend };
  });
}

/** Looks at everything a run may need. Never throws for what it finds; libraries that may end a process are asked in a child. */
export async function examine(): Promise<Examination> {
  const build = examineBuild();
  const built = build.every((f) => !f.needed || f.state === 'ok');
  const probes = await probeDevices();
  const findings = [...examineMachine(built), ...build, ...examineCards(probes), ...examineLibraries()];
  return { ready: findings.every((f) => !f.needed || f.state === 'ok'), findings };
}
