import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseSolver, upgradeSolver } from '../../orchestrator/proto/index.ts';
import { RateSchedule, rateAt } from '../../orchestrator/solver/index.ts';

const CORPUS = '../shared/corpus/prototxt';

interface Entry {
  file: string;
  kind: string;
  solver?: { type: string; lr: Record<string, number> };
}

const entries: Entry[] = existsSync(CORPUS)
  ? JSON.parse(readFileSync(`${CORPUS}/index.json`, 'utf8')).files.filter((f: Entry) => f.kind === 'solver' && f.solver)
  : [];
if (entries.length === 0) console.log(`notice: ${CORPUS} is not there, its cases are skipped`);

const solver = (text: string) => parseSolver(text, 'solver.prototxt');

describe.skipIf(entries.length === 0)('published solvers', () => {
  it('have the types and rates that Caffe computes', () => {
    const wrong: string[] = [];
    for (const entry of entries) {
      const param = upgradeSolver(parseSolver(readFileSync(`${CORPUS}/${entry.file}`), entry.file));
      if (param.type !== entry.solver!.type) wrong.push(`${entry.file}: ${param.type}`);
      for (const [iteration, lr] of Object.entries(entry.solver!.lr ?? {})) {
        const rate = rateAt(param, Number(iteration));
        if (!(Math.abs(rate - lr) <= 1e-5 * Math.abs(lr))) wrong.push(`${entry.file}@${iteration}: ${rate} for ${lr}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

describe('rates', () => {
  it('walk and jump agree, equal and unordered step values included', () => {
    for (const text of [
      'lr_policy: "multistep" base_lr: 1 gamma: 0.5 stepvalue: 3 stepvalue: 3 stepvalue: 2 stepvalue: 9',
      'lr_policy: "multistep" base_lr: 1 gamma: 0.5 stepvalue: 0 stepvalue: 0',
      'lr_policy: "step" base_lr: 1 gamma: 0.5 stepsize: 4',
      'lr_policy: "poly" base_lr: 1 power: 2 max_iter: 15',
      'lr_policy: "sigmoid" base_lr: 1 gamma: -0 stepsize: 4',
    ]) {
      const param = solver(text);
      const schedule = new RateSchedule(param);
      for (let i = 0; i < 15; i++) expect(rateAt(param, i)).toBe(schedule.next(i));
    }
  });

  it('peek passes no step', () => {
    const schedule = new RateSchedule(solver('lr_policy: "multistep" base_lr: 1 gamma: 0.5 stepvalue: 1 stepvalue: 1'));
    expect([schedule.peek(1), schedule.peek(1), schedule.next(1), schedule.next(2)]).toEqual([0.5, 0.5, 0.5, 0.25]);
  });

  it('refuses what it cannot work with, at its place', () => {
    const refuse = (text: string) => {
      try {
        new RateSchedule(solver(text));
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    expect(refuse('base_lr: 1\nlr_policy: "stpe"')).toMatch(/solver.prototxt:2:1.*'stpe'[\s\S]*did you mean 'step'/);
    expect(refuse('lr_policy: "__proto__"')).toMatch(/unknown learning rate policy/);
    expect(refuse('base_lr: 1')).toMatch(/no lr_policy/);
    expect(refuse('lr_policy: "step" stepsize: -5 gamma: 1')).toMatch(/stepsize -5/);
    expect(refuse('lr_policy: "inv" gamma: -1')).toMatch(/gamma/);
  });
});
