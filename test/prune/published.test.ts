import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareMasked } from '../../bench/pruning/compare.ts';
import { netsToPrune } from '../../bench/pruning/nets.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';

const CORPUS = join(import.meta.dirname, '../../../shared/corpus');
const nets = netsToPrune(CORPUS);
if (!existsSync(CORPUS)) console.log('notice: no ../shared/corpus; the tests of published nets are skipped');

/** The others take minutes: npm run pruning-check. */
const QUICK = ['ResNet-20', 'SqueezeNet', 'MobileNet'];

describe.skipIf(nets.length === 0)('published nets', () => {
  test('all are there', () => {
    const found = nets.map(({ name }) => name);
    for (const name of [
      'AlexNet',
      'ResNet-18',
      'ResNet-20',
      'ResNet-50',
      'GoogLeNet',
      'MobileNet',
      'SqueezeNet',
      'DenseNet-121',
    ])
      expect(found).toContain(name);
  });

  test.each(QUICK)('%s without filters is the net with zeros in them', (name) => {
    const { text, file, record } = nets.find((net) => net.name === name)!;
    const { pruned, output, difference } = compareMasked(parseNet(text, file), {
      level: 0.7,
      ranker: 'random',
      record,
    });
    expect(output).toBeLessThan(1e-6);
    expect(difference).toBeLessThan(1e-5);
    expect(pruned.level.reached).toBeCloseTo(0.7, 1);
  });
});
