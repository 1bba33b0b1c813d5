import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { buildPath, packageRoot } from '../../orchestrator/core/index.ts';
import { expectedResult, type FixedCase, type FixedResult, fixedCase } from './fixed-cases.ts';
import { openEngine } from './fixed-engine.ts';

const CASES = 2100;

async function build(folder: string, configs: string, variables: string[] = []): Promise<void> {
  const targets = configs.split(' ').map((config) => join(folder, config, 'engine.so'));
  await execa('make', [
    ...['-s', '-C', join(packageRoot(), 'hls'), `-j${availableParallelism()}`, `CONFIGS=${configs}`],
    ...[`BUILD=${folder}`, ...variables, ...targets],
  ]);
}

const same = (x: FixedResult, y: FixedResult) => JSON.stringify(x) === JSON.stringify(y);

/** Cases that come out otherwise than the reference says. */
function mismatches(cases: Iterable<number>, run: (t: FixedCase) => FixedResult): number[] {
  const wrong: number[] = [];
  for (const index of cases) {
    const t = fixedCase(index);
    if (!same(run(t), expectedResult('reference', t))) wrong.push(index);
  }
  return wrong;
}

function* upTo(count: number, wanted: (t: FixedCase) => boolean = () => true): Generator<number> {
  for (let i = 0; i < count; i++) if (wanted(fixedCase(i))) yield i;
}

describe('fixed-point engines equal the reference, to the integer', () => {
  it(`on ${CASES} random cases: W 4-16, three passes, groups, strides, dilation, both roundings, 1, 2 and 4 units`, async () => {
    const folder = buildPath('hls');
    await build(folder, 'i8 i16');
    const engines = { 8: openEngine(join(folder, 'i8/engine.so')), 16: openEngine(join(folder, 'i16/engine.so')) };
    expect(mismatches(upTo(CASES), (t) => engines[t.fixed.elementBits](t))).toEqual([]);
    expect(mismatches(upTo(CASES), (t) => expectedResult('host', t))).toEqual([]);
  }, 300_000);

  it('from the engine that takes every element type', async () => {
    const folder = buildPath('hls');
    await build(folder, 'mixed');
    expect(mismatches(upTo(200), openEngine(join(folder, 'mixed/engine.so')))).toEqual([]);
  }, 300_000);

  it('from another micro-tile', async () => {
    const folder = buildPath('microtile-fixed');
    await build(folder, 'i8 i16', ['MT=-O1 -DMT_ROWS=2 -DMT_BYTES=16 -DMT_ACCUMULATORS=8']);
    const engines = { 8: openEngine(join(folder, 'i8/engine.so')), 16: openEngine(join(folder, 'i16/engine.so')) };
    expect(mismatches(upTo(600), (t) => engines[t.fixed.elementBits](t))).toEqual([]);
  }, 300_000);

  it('from the layout of CPUs with VNNI, with the portable twin of the instruction', async () => {
    const folder = buildPath('quads');
    await build(folder, 'i8', ['MT=-O1 -DCREMA_QUADS=1']);
    const run = openEngine(join(folder, 'i8/engine.so'));
    expect(
      mismatches(
        upTo(900, (t) => t.fixed.elementBits === 8),
        run,
      ),
    ).toEqual([]);
  }, 300_000);
});
