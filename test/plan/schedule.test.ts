import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accelerator } from '../../orchestrator/executor/index.ts';
import { loadManifest } from '../../orchestrator/kernels/index.ts';
import { buildNet, type Net } from '../../orchestrator/net/index.ts';
import { makePlan, type Plan } from '../../orchestrator/plan/index.ts';
import { parseNet, upgradeNet } from '../../orchestrator/proto/index.ts';
import { randomNet } from './random-net.ts';
import { walkPlan } from './walk.ts';

const card = accelerator(loadManifest('u250', 'f32'));

function check(net: Net, training: boolean): { reused: Plan; kept: Plan } {
  const options = { accelerator: card, training };
  const [reused, kept] = [makePlan(net, options), makePlan(net, { ...options, keepBlobs: true })];
  expect(walkPlan(reused, net)).toEqual([]);
  expect(walkPlan(kept, net)).toEqual([]);
  expect(walkPlan(makePlan(net, { training }), net)).toEqual([]);
  expect(reused.blobBytes).toBeLessThanOrEqual(kept.blobBytes);
  return { reused, kept };
}

describe('memory of a plan', () => {
  it('is never read after another value took its place: random nets', () => {
    for (let seed = 1; seed <= 60; seed++) check(randomNet(seed), seed % 4 !== 0);
  });

  const corpus = join('..', 'shared', 'corpus', 'prototxt');
  const present = existsSync(join(corpus, 'index.json'));
  if (!present) console.log(`no ${corpus}: plans of published nets are not checked`);
  it.skipIf(!present)(
    'is never read after another value took its place: published nets',
    () => {
      interface Entry {
        file: string;
        nets?: { verdict: string; phases: ('TRAIN' | 'TEST')[]; assumed_record?: [number, number, number] }[];
      }
      const { files } = JSON.parse(readFileSync(join(corpus, 'index.json'), 'utf8')) as { files: Entry[] };
      let checked = 0;
      for (const { file, nets } of files
        .filter((f) => f.nets?.some((n) => n.verdict === 'accept'))
        .filter((_, i) => i % 10 === 0)) {
        const accepted = nets!.find((n) => n.verdict === 'accept')!;
        const phase = accepted.phases[0]!;
        const text = upgradeNet(parseNet(readFileSync(join(corpus, file)), file));
        check(buildNet(text, { phase, file, record: accepted.assumed_record ?? [3, 256, 256] }), phase === 'TRAIN');
        checked++;
      }
      expect(checked).toBeGreaterThan(20);
    },
    120_000,
  );

  it('shrinks where a chain runs forward only: two blobs at a time', () => {
    const relu = (i: number) => `layer { name: "r${i}" type: "ReLU" bottom: "b${i}" top: "b${i + 1}" }`;
    const text = `layer { name: "in" type: "Input" top: "b0" input_param { shape { dim: 8 dim: 100 } } } ${Array.from({ length: 20 }, (_, i) => relu(i)).join(' ')}`;
    const net = buildNet(parseNet(text, 'chain.prototxt'), { phase: 'TEST' });
    const plan = makePlan(net);
    // The input and the output keep theirs.
    expect(plan.slabs.length).toBeLessThanOrEqual(4);
    expect(makePlan(net, { keepBlobs: true }).slabs.length).toBe(21);
  });
});
