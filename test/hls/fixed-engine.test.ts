import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildPath, packageRoot } from '../../orchestrator/core/index.ts';
import { expectedResult, type FixedCase, type FixedResult, fixedCase } from './fixed-cases.ts';
import { openEngine } from './fixed-engine.ts';

const CASES = 2100;
/** i16-tile and i8-quads take 16 lanes only (hls/Makefile). */
const ENGINES = ['i8', 'i16', 'mixed', 'i16-tile', 'i8-quads'];

const engine = (config: string) => openEngine(buildPath('hls', config, 'engine.so'));
const cases: FixedCase[] = [];
const expected: string[] = [];

/** Cases that come out otherwise than the reference says. */
function mismatches(run: (t: FixedCase) => FixedResult, wanted: (t: FixedCase) => boolean = () => true) {
  const chosen = cases.flatMap((t, i) => (wanted(t) ? [i] : []));
  return { count: chosen.length, wrong: chosen.filter((i) => JSON.stringify(run(cases[i]!)) !== expected[i]) };
}

const right = (count: number) => ({ count, wrong: [] });

describe('fixed-point engines equal the reference, to the integer', () => {
  beforeAll(async () => {
    const targets = ENGINES.map((config) => buildPath('hls', config, 'engine.so'));
    const parallel = `-j${availableParallelism()}`;
    const configs = `CONFIGS=${ENGINES.join(' ')}`;
    await execa('make', [
      '-s',
      '-C',
      join(packageRoot(), 'hls'),
      parallel,
      configs,
      `BUILD=${buildPath('hls')}`,
      ...targets,
    ]);
    for (let i = 0; i < CASES; i++) {
      cases.push(fixedCase(i));
      expected.push(JSON.stringify(expectedResult('reference', cases[i]!)));
    }
  }, 300_000);

  it(`on ${CASES} random cases: W 4-16, three passes, groups, strides, dilation, both roundings, 1, 2 and 4 units`, () => {
    const engines = { 8: engine('i8'), 16: engine('i16') };
    expect(mismatches((t) => engines[t.fixed.elementBits](t))).toEqual(right(CASES));
  });

  it('and so does the host library', () => {
    expect(mismatches((t) => expectedResult('host', t))).toEqual(right(CASES));
  });

  it('from the engine that takes every element type', () => {
    expect(mismatches(engine('mixed'), (t) => cases.indexOf(t) < 200)).toEqual(right(200));
  });

  it('from another micro-tile', () => {
    const { count, wrong } = mismatches(
      engine('i16-tile'),
      (t) => t.geometry.lanes === 16 && t.fixed.elementBits === 16,
    );
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(400);
  });

  it('from the layout of CPUs with VNNI, with the portable twin of the instruction', () => {
    const { count, wrong } = mismatches(
      engine('i8-quads'),
      (t) => t.geometry.lanes === 16 && t.fixed.elementBits === 8,
    );
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(400);
  });
});
