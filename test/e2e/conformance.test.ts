import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { runCardCase } from '../../bench/conformance/card-case.ts';
import { readLayerFolder } from '../../bench/conformance/cases.ts';
import { readSolverCases, runSolverCase } from '../../bench/conformance/solver-case.ts';
import { Session } from '../../orchestrator/executor/index.ts';
import { SIM, simBuilt } from './children.ts';

const GOLDEN = '../shared/golden';
const there = existsSync(`${GOLDEN}/layers/index.json`);
if (!there) console.log(`notice: ${GOLDEN} is not there, recorded cases do not run on the emulated card`);

/** A case per kind of net and state; all 24 run by `npm run conformance`. */
const SOLVERS = ['sgd_itersize3', 'sgd_bn', 'sgd_shared_weights_two_losses', 'nesterov_l2_multistep', 'adam_l2_poly'];

describe.skipIf(!there || !simBuilt)("BVLC Caffe's recorded cases on the emulated card", () => {
  const session = new Session(SIM);
  afterAll(() => session.close());

  it('every Convolution and InnerProduct, placed where training would place it', () => {
    const folder = `${GOLDEN}/layers`;
    const cases = readLayerFolder(folder).cases.filter((c) => ['Convolution', 'InnerProduct'].includes(c.type));
    const outcomes = cases.map((golden) => runCardCase(golden, folder, session));
    expect(outcomes.filter((o) => o.verdict !== 'passed')).toEqual([]);
    expect(outcomes.filter((o) => o.place === 'card').length).toBeGreaterThanOrEqual(22);
    for (const { place } of outcomes) expect(place).toMatch(/^card$|^host: .*the engine/);
  });

  it('solver runs: losses, rates, parameters and history of 20 iterations', async () => {
    const folder = `${GOLDEN}/solvers`;
    for (const golden of readSolverCases(folder).filter((c) => SOLVERS.includes(c.name))) {
      expect(await runSolverCase(golden, folder, session)).toMatchObject({ name: golden.name, verdict: 'passed' });
    }
  });
});
