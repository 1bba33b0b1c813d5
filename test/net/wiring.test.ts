import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../orchestrator/core/index.ts';
import { filterLayers, insertSplits } from '../../orchestrator/net/index.ts';
import { Phase, parseNet } from '../../orchestrator/proto/index.ts';

const PAIRS = '../shared/corpus/prototxt/pairs.json';

interface Pair {
  what: string;
  test: string;
  input: string;
  output: string;
}

const pairs: Pair[] = existsSync(PAIRS) ? JSON.parse(readFileSync(PAIRS, 'utf8')).pairs : [];
if (pairs.length === 0) console.log(`notice: ${PAIRS} is not there, its cases are skipped`);

const wiring = (layers: readonly { name: string; type: string; bottom: string[]; top: string[]; loss: number[] }[]) =>
  layers.map(({ name, type, bottom, top, loss }) => ({ name, type, bottom: [...bottom], top: [...top], loss }));

describe.skipIf(pairs.length === 0)("Caffe's own filter cases", () => {
  for (const [i, pair] of pairs.filter((p) => p.what === 'filter').entries()) {
    it(`${pair.test} ${i}`, () => {
      const net = parseNet(pair.input, 'input');
      const expected = parseNet(pair.output, 'output');
      const phase = (net.state?.phase ?? Phase.TEST) === Phase.TRAIN ? 'TRAIN' : 'TEST';
      const state = { phase, level: net.state?.level ?? 0, stages: new Set(net.state?.stage) } as const;
      const problems: Problem[] = [];
      const names = filterLayers(net, state, problems).map(
        (l) => `${l.name} ${l.type} ${l.top.join(' ')} ${l.include.length}`,
      );
      expect(names).toEqual(expected.layer.map((l) => `${l.name} ${l.type} ${l.top.join(' ')} ${l.include.length}`));
      expect(problems).toEqual([]);
    });
  }
});

describe.skipIf(pairs.length === 0)("Caffe's own split cases", () => {
  for (const pair of pairs.filter((p) => p.what === 'insert_splits')) {
    it(pair.test, () => {
      const problems: Problem[] = [];
      const wired = insertSplits(parseNet(pair.input, 'input').layer, problems);
      const loss = (weights: readonly number[]) => (weights.some((w) => w !== 0) ? [...weights] : []);
      expect(
        wiring(
          wired.map((w) => ({
            name: w.name,
            type: w.param.type,
            bottom: [...w.bottoms],
            top: [...w.tops],
            loss: loss(w.lossWeights),
          })),
        ),
      ).toEqual(
        wiring(
          parseNet(pair.output, 'output').layer.map((l) => ({
            ...l,
            name: l.name,
            type: l.type,
            bottom: l.bottom,
            top: l.top,
            loss: loss(l.loss_weight),
          })),
        ),
      );
      expect(problems).toEqual([]);
    });
  }
});

describe('filter rules', () => {
  const filter = (rules: string, state: { level?: number; stages?: string[] } = {}) => {
    const problems: Problem[] = [];
    const net = parseNet(`layer { name: "a" type: "ReLU" ${rules} }`, 'net');
    const { level = 0, stages } = state;
    const kept = filterLayers(net, { phase: 'TEST', level, stages: new Set(stages) }, problems);
    return { kept: kept.length === 1, problems };
  };

  it('takes an empty rule as one that always holds', () => {
    expect(filter('include {}').kept).toBe(true);
    expect(filter('exclude {}').kept).toBe(false);
  });

  it('wants all stages of a rule and none of its not_stages', () => {
    expect(filter('include { stage: "a" stage: "b" }', { stages: ['a'] }).kept).toBe(false);
    expect(filter('include { stage: "a" not_stage: "c" }', { stages: ['a', 'b'] }).kept).toBe(true);
    expect(filter('include { stage: "a" not_stage: "b" }', { stages: ['a', 'b'] }).kept).toBe(false);
  });

  it('refuses both kinds of rules at once, with the place', () => {
    const { problems } = filter('include { phase: TEST } exclude { phase: TRAIN }');
    expect(problems).toMatchObject([{ code: 'include-and-exclude', span: { line: 1 } }]);
  });
});
