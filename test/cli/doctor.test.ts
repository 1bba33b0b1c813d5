import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildPath } from '../../orchestrator/core/index.ts';
import { xclbinPath } from '../../orchestrator/kernels/index.ts';
import type { Finding } from '../../orchestrator/recipes/index.ts';
import { runAll, withFolder } from './commands.ts';

const built = existsSync(buildPath('sim', 'libcrema_sim.so')) && existsSync(xclbinPath('u250', 'f32'));
if (!built) console.log('notice: the emulated card is not built, a healthy doctor is not tested');

interface Report {
  ready: boolean;
  findings: Finding[];
}

describe('crema doctor and devices', () => {
  it.skipIf(!built)(
    'find what training on the emulated card needs',
    () => {
      withFolder((folder) => {
        const [doctor, devices] = runAll(folder, [
          ['doctor', '--json'],
          ['device_query', '-gpu', 'all', '--json'],
        ]);
        const { findings } = JSON.parse(doctor!.stdout) as Report;
        // Another build may be under way: stale is no failure of this test.
        expect(findings.filter((f) => f.needed && f.state === 'missing')).toEqual([]);
        for (const group of ['machine', 'build', 'cards', 'data'])
          expect(findings.some((f) => f.group === group)).toBe(true);
        for (const f of findings) if (f.state !== 'ok') expect(f.mend, f.name).toBeTruthy();
        expect(devices!.code).toBe(0);
        const list = JSON.parse(devices!.stdout).devices as { device: string; memory_bytes: number }[];
        expect(list.find((d) => d.device === 'sim')!.memory_bytes).toBeGreaterThan(2 ** 30);
      });
    },
    120_000,
  );

  it('say with 5 what is not built, and the one command that builds it', () => {
    withFolder((folder) => {
      const env = { CREMA_BUILD: join(folder, 'nothing') };
      const [doctor, text] = runAll(folder, [['doctor', '--json'], ['doctor']], env);
      expect([doctor!.code, text!.code]).toEqual([5, 5]);
      const { ready, findings } = JSON.parse(doctor!.stdout) as Report;
      expect(ready).toBe(false);
      const host = findings.find((f) => f.name === 'host layers')!;
      expect(host).toMatchObject({ state: 'missing', needed: true, mend: 'npm run build:native' });
      expect(text!.stdout).toMatch(/To mend:\n {2}host layers, card emulator.*: npm run build:native/);
      expect(text!.stdout).toMatch(/training on the emulated card: not ready\n$/);
    });
  }, 120_000);
});
