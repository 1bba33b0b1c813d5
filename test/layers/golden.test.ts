import { describe, expect, it } from 'vitest';
import { layerTypes } from '../../orchestrator/layers/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { goldenCases, goldenFolder, runCase } from './golden-case.ts';

const cases = goldenCases();
if (goldenFolder.startsWith('test')) console.log(`only the ${cases.length} reference cases in ${goldenFolder}`);

describe('reference numbers of BVLC Caffe, every layer on its own', () => {
  for (const golden of cases) {
    const known = layerTypes.has(golden.type) && !/Data$/.test(golden.type);
    it.skipIf(!known)(golden.name, () => {
      expect(runCase(golden)).toEqual([]);
    });
  }
});

// Blocked blobs must give the same numbers, for batches that fill their lanes and batches that do not.
describe('the same numbers on batch-blocked blobs', () => {
  for (const golden of cases) {
    const type = layerTypes.get(golden.type);
    const shapes = golden.tensors.filter((t) => t.role === 'bottom').map((t) => t.shape);
    if (!type || shapes.length === 0 || type.isSource) continue;
    const param = parseNet(golden.prototxt, 'case.prototxt').layer[0]!;
    if ((type.layoutsFor?.(param, shapes) ?? type.layouts) !== 'any') continue;
    for (const lanes of [8, 16]) {
      it(`${golden.name}, ${lanes} lanes`, () => {
        expect(runCase(golden, { lanes })).toEqual([]);
      });
    }
  }
});
