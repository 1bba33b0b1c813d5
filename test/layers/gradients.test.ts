import { describe, expect, it } from 'vitest';
import { layerTypes } from '../../orchestrator/layers/index.ts';
import { checkCase, LIMIT, records } from './records/index.ts';

// Backward on the host in single precision against central differences of a formula in double precision.
describe('every layer type', () => {
  it.each([...layerTypes.keys()])('%s has a record', (type) => {
    expect(records.has(type), `add a record for ${type} in test/layers/records`).toBe(true);
  });
});

describe('gradients', () => {
  for (const record of records.values()) {
    if ('noGradient' in record || !layerTypes.has(record.type)) continue;
    record.cases.forEach((test, i) => {
      it(`${record.type} ${i}${test.text ? `: ${test.text}` : ''}`, () => {
        const { forward, backward } = checkCase(record.type, test);
        expect(forward.error, `forward, ${forward.where}`).toBeLessThanOrEqual(1e-4);
        expect(backward.error, `backward, ${backward.where}`).toBeLessThanOrEqual(LIMIT);
      });
    });
  }
});

describe('the check itself', () => {
  it('notices a gradient that is wrong by one part in a hundred', () => {
    const wrong = checkCase('TanH', {
      inputs: [{ shape: [3, 4] }],
      reference: ([x]) => [x!.map((v) => 1.01 * Math.tanh(v))],
    });
    expect(wrong.backward.error).toBeGreaterThan(LIMIT);
    expect(wrong.forward.error).toBeGreaterThan(1e-4);
  });
});
