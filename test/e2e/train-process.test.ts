import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExperiment } from '../../orchestrator/recipes/index.ts';
import { simBuilt } from './children.ts';
import { parseLog } from './parse-log.ts';
import { finalState, LAUNCHES, losses, snapshotFiles, type TrainedRun, train, trainingFolder } from './training.ts';

const MAX = 60;
const EVERY = 15;
const PATIENCE = 240_000;

describe.skipIf(!simBuilt)('crema train on the emulated card', () => {
  let folder = '';
  let whole: TrainedRun;
  beforeAll(async () => {
    folder = trainingFolder({ maxIter: MAX, snapshot: EVERY });
    whole = await train({ folder, run: 'whole' });
  }, PATIENCE);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Another run came to the same parameters and history, by the same losses. */
  async function equalsWhole(run: string): Promise<void> {
    const all = losses(folder, run);
    for (const [iteration, loss] of losses(folder, 'whole')) {
      expect(all.get(iteration), `loss of iteration ${iteration}`).toBe(loss);
    }
    expect(await finalState(folder, run, MAX)).toEqual(await finalState(folder, 'whole', MAX));
    // Tables and curves are those of a run that was never stopped.
    for (const table of ['metrics.train.csv', 'metrics.test.csv'])
      expect(figures(run, table)).toEqual(figures('whole', table));
    expect(firstChart(run)).toBe(firstChart('whole'));
  }

  const read = (run: string, file: string) => readFileSync(join(folder, run, file), 'utf8');
  const firstChart = (run: string) => /<svg[\s\S]*?<\/svg>/.exec(read(run, 'report.html'))![0];

  /** A table without what the clock says. */
  function figures(run: string, file: string): string[][] {
    const rows = read(run, file)
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const timed = ['Seconds', 'images_per_second'].map((name) => rows[0]!.indexOf(name));
    return rows.map((row) => row.filter((_, i) => !timed.includes(i)));
  }

  it('leaves a run directory whose log Caffe reads', () => {
    expect(whole.code, whole.stderr).toBe(0);
    const log = readFileSync(join(folder, 'whole', 'train.log'), 'utf8');
    const { train: rows, test: tests } = parseLog(log);
    expect(rows.map((r) => r.NumIters)).toEqual(Array.from({ length: MAX / 2 + 1 }, (_, i) => 2 * i));
    expect(tests.map((r) => r.NumIters)).toEqual([0, MAX]);
    const exact = losses(folder, 'whole');
    for (const row of rows) {
      expect(Math.abs(row.loss! / exact.get(row.NumIters)! - 1)).toBeLessThan(1e-5);
      expect(row.Seconds).toBeGreaterThanOrEqual(0);
    }
    // Caffe prints a rate after the outputs it belongs to.
    expect(rows[1]!.LearningRate).toBeCloseTo(0.05, 6);
    expect(rows.at(-1)!.LearningRate).toBeLessThan(0.05);
    expect(tests.at(-1)!.accuracy).toBeGreaterThan(tests[0]!.accuracy!);
    const { crema, command } = JSON.parse(read('whole', 'environment.json'));
    expect(crema).toMatch(/^\d+\.\d+\.\d+$/);
    expect(command).toEqual(expect.arrayContaining(['train', '--run-dir', join(folder, 'whole')]));
    // The resolved experiment is one that can be given again.
    expect(readExperiment(join(folder, 'whole', 'config.resolved.yaml'), [])).toMatchObject({
      solver: join(folder, 'solver.prototxt'),
      device: 'sim',
      memory: 'strict',
      threads: 2,
    });
    const summary = JSON.parse(read('whole', 'summary.json'));
    expect(summary).toMatchObject({ iterations: MAX, provenance: 'simulated', reason: 'finished' });
    // Training, two tests, and the last loss that is displayed.
    expect(summary.launches).toBe(MAX * LAUNCHES.step + 2 * LAUNCHES.test + LAUNCHES.test);
  });

  it(
    'snapshots and ends with 0 on SIGINT, with 75 on SIGTERM, and continues to the same bits',
    async () => {
      const run = 'interrupted';
      const stop = (name: NodeJS.Signals, when: RegExp, args: string[] = []) =>
        train({ folder, run, args, signal: { when, name } });
      const interrupted = await stop('SIGINT', /Iteration 6 /);
      expect(interrupted.code, interrupted.stderr).toBe(0);
      expect(interrupted.stderr).toMatch(/Snapshotting .*\n[\s\S]*Optimization stopped early/);
      const first = snapshotFiles(folder, run).filter((file) => file.endsWith('.solverstate'));
      expect(first.length).toBeGreaterThan(0);
      const resume = ['--resume', 'auto'];
      const terminated = await stop('SIGTERM', /lr = /, resume);
      expect(terminated.code, terminated.stderr).toBe(75);
      expect((await train({ folder, run, args: resume })).code).toBe(0);
      await equalsWhole(run);
      // Nothing is left to do: said so, and nothing changes.
      const again = await train({ folder, run, args: resume });
      expect([again.code, again.stdout], again.stderr).toEqual([0, expect.stringContaining(`${MAX} iterations`)]);
      await equalsWhole(run);
    },
    PATIENCE,
  );

  it(
    'starts again from the newest snapshot where the worker is killed, to the same bits',
    async () => {
      const at = Math.round(1.7 * EVERY) * LAUNCHES.step;
      const killed = await train({ folder, run: 'killed', env: { CREMA_SIM_FAULT: `kill@${at}` } });
      expect(killed.code, killed.stderr).toBe(0);
      // Every process is killed at its launch of that number, after one more snapshot each.
      expect(killed.stderr.match(/starting it again/g)!.length).toBeGreaterThanOrEqual(2);
      await equalsWhole('killed');
    },
    PATIENCE,
  );

  it(
    'starts again where the card hangs, and gives up with 5 where that does not help',
    async () => {
      const at = Math.round(2.5 * EVERY) * LAUNCHES.step;
      const set = ['--set', 'deadline=0.5', '--set', 'retries=1'];
      const hung = await train({ folder, run: 'hung', args: set, env: { CREMA_SIM_FAULT: `hang@${at}` } });
      expect(hung.code, hung.stderr).toBe(0);
      expect(hung.stderr).toMatch(/did not finish within 0\.5 s/);
      await equalsWhole('hung');
      const stuck = await train({
        folder,
        run: 'stuck',
        args: [...set, '--json'],
        env: { CREMA_SIM_FAULT: `hang@${3 * LAUNCHES.step}` },
      });
      expect(stuck.code, stuck.stderr).toBe(5);
      expect(stuck.stderr.match(/starting it again/g)).toHaveLength(1);
      expect(JSON.parse(stuck.stdout).error).toMatchObject({ kind: 'device', problems: [{ code: 'deadline' }] });
    },
    PATIENCE,
  );
});
