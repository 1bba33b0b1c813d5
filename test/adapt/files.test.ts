import { describe, expect, it } from 'vitest';
import {
  decodeContainer,
  decodeFeatures,
  encodeContainer,
  encodeFeatures,
  type FeatureTable,
  fitDefaults,
  generatorKinds,
  MemoryLedger,
} from '../../orchestrator/adapt/index.ts';
import { RandomStream } from '../../orchestrator/core/index.ts';

function table(count = 12, dimension = 5, classes = 3): FeatureTable {
  const random = new RandomStream(3, 'files');
  return {
    count,
    dimension,
    classes,
    features: Float32Array.from({ length: count * dimension }, () => Math.max(0, random.normal())),
    labels: Int32Array.from({ length: count }, (_, i) => i % classes),
  };
}

describe('files of the adaptation', () => {
  it('give back what was written, bit for bit with 32 bits', () => {
    const bytes = encodeFeatures(table(), 'key', 32);
    expect(decodeFeatures(bytes, 'f', 'key')).toEqual(table());
    expect(encodeFeatures(table(), 'key', 32)).toEqual(bytes);
  });

  it('are four times smaller with 8 bits and off by half a step at most', () => {
    const big = table(300, 256, 3);
    const bytes = encodeFeatures(big, 'key', 8);
    expect(bytes.length).toBeLessThan(encodeFeatures(big, 'key', 32).length / 3.7);
    const back = decodeFeatures(bytes, 'f', 'key');
    for (let r = 0; r < big.count; r++) {
      const line = big.features.subarray(r * 256, (r + 1) * 256);
      const step = Math.max(...line) / 127;
      const worst = Math.max(...line.map((v, k) => Math.abs(back.features[r * 256 + k]! - v)));
      expect(worst).toBeLessThanOrEqual(step * 0.5001);
    }
  });

  it('are refused when cut off anywhere or changed in any byte', () => {
    const bytes = encodeContainer({ kind: 'features', key: 'k', facts: {}, arrays: { a: Int32Array.of(1, 2, 3) } });
    const read = (b: Uint8Array) => () => decodeContainer(b, 'cache', { kind: 'features', key: 'k' });
    expect(read(bytes)().arrays['a']).toEqual(Int32Array.of(1, 2, 3));
    for (let n = 0; n < bytes.length; n++) {
      expect(read(bytes.subarray(0, n))).toThrow(/'cache' is (no feature file|damaged or cut off)/);
      const changed = Uint8Array.from(bytes);
      changed[n]! ^= 1;
      expect(read(changed)).toThrow(/'cache' (is no feature file|is damaged or cut off|has version)/);
    }
  });

  it('are refused for another net and another kind', () => {
    const bytes = encodeFeatures(table(), 'one net', 32);
    expect(() => decodeFeatures(bytes, 'cache', 'other net')).toThrow(/another net, other weights/);
    expect(() => decodeContainer(bytes, 'cache', { kind: 'gaussian' })).toThrow(/holds 'features'/);
  });

  for (const kind of generatorKinds.values()) {
    it(`${kind.kind}: a generator read from its file draws the same features`, () => {
      const memory = new MemoryLedger();
      const made = kind.fit(table(), { ...fitDefaults, rank: 2 }, memory);
      const read = kind.decode(made.encode('net'), 'g', 'net', memory);
      const labels = Int32Array.of(2, 0, 1, 1);
      const draw = (g: typeof made) => {
        const out = new Float32Array(labels.length * 5);
        g.draw(labels, new RandomStream(7, 'draw'), out);
        return out;
      };
      expect(draw(read)).toEqual(draw(made));
      expect(draw(made)).toEqual(draw(made));
      expect(() => kind.decode(made.encode('net'), 'g', 'other', memory)).toThrow(/another net/);
      expect(read.known).toEqual([0, 1, 2]);
      made.release();
      read.release();
      expect(memory.bytes).toBe(0);
    });
  }
});
