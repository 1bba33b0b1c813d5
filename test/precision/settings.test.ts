import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodePrecision, engineBits, levelName, uniformLevel } from '../../orchestrator/precision/index.ts';
import { readExperiment } from '../../orchestrator/recipes/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-precision-'));
afterAll(() => rmSync(folder, { recursive: true }));

function decode(yaml: string) {
  const file = join(folder, 'experiment.yaml');
  writeFileSync(file, yaml);
  return decodePrecision(readExperiment(file));
}

describe('precision in experiment.yaml', () => {
  it('is absent by default', () => {
    expect(decode('seed: 3\n')).toBeUndefined();
  });

  it('fills in MuPPET as published', () => {
    const settings = decode('precision: { policy: muppet }')!;
    expect(settings.ladder.map(levelName)).toEqual(['8 bits', '12 bits', '14 bits', '16 bits', 'fp32']);
    expect(settings.policy).toMatchObject({ name: 'muppet', levels: 5, window: { every: 3, terms: 3 } });
    expect(settings.final).toEqual({ epochs: 45, decayEvery: 15, factor: 0.1 });
    expect(settings.exponents).toEqual({ kind: 'exact' });
    expect(new Set(Object.values(settings.rounding))).toEqual(new Set(['stochastic']));
  });

  it('takes the whole vocabulary', () => {
    const settings = decode(`
precision:
  policy: muppet
  ladder: [5, { weights: 6, activations: 6, activationGradients: 8, weightGradients: 8 }, 12, fp32]
  layers: { conv1: 16, 'ip*': fp32 }
  rounding: { weights: nearest }
  exponents: delayed
  margin: 2
  iterationsPerEpoch: 19
  final: null
  minimumStay: 9
  variant: paper
  every: 4
  gamma: 1
`)!;
    expect(settings.ladder.map(levelName)).toEqual(['5 bits', '6/6/8/8 bits', '12 bits', 'fp32']);
    expect(settings.layers).toEqual([
      { pattern: 'conv1', level: uniformLevel(16) },
      { pattern: 'ip*', level: 'fp32' },
    ]);
    expect(settings.rounding).toMatchObject({ weights: 'nearest', activations: 'stochastic' });
    expect(settings.exponents).toEqual({ kind: 'delayed', history: 16, margin: 2 });
    expect(settings.policy.window).toEqual({ every: 4, terms: 5 });
    expect(settings).toMatchObject({
      channelBlock: undefined,
      iterationsPerEpoch: 19,
      final: undefined,
      minimumStay: 9,
    });
  });

  it.each([
    ['precision: { policy: mupet }', /precision > policy.*muppet/],
    ['precision: { policy: fixed, ladder: [3] }', /precision > ladder > 0.*>= 4/],
    ['precision: { policy: fixed, ladder: [fp16] }', /precision > ladder > 0.*fp32/],
    ['precision: { policy: fixed, ladder: [{ weights: 8 }] }', /precision > ladder > 0.*activations/],
    ['precision: { policy: fixed, ladder: [8, 12] }', /precision > ladder: 2 levels/],
    ['precision: { policy: muppet, ladder: [8, 6, fp32] }', /precision > ladder > 1: 6 bits after 8 bits/],
    ['precision: { policy: muppet, ladder: [fp32, 8] }', /precision > ladder > 1: 8 bits after fp32/],
    ['precision: { policy: muppet, ladder: [8, 8, fp32] }', /8 bits after 8 bits/],
    ['precision: { policy: muppet, epochs: [3] }', /precision > epochs: the policy 'muppet' has no 'epochs'/],
    ['precision: { policy: muppet, terms: 7 }', /precision > terms/],
    ['precision: { policy: schedule, ladder: [8, 12, fp32], epochs: [9] }', /precision > epochs: \[9\] for 3 levels/],
    ['precision: { policy: schedule, epochs: [9] }', /needs a ladder/],
    ['precision: { policy: random, ladder: [8, 12, fp32], before: 2 }', /precision > before/],
    ['precision: { policy: fixed, margin: 1 }', /delayed/],
    ['precision: { policy: fixed, exponents: delayed, channelBlock: 8 }', /exponents: exact/],
    ['precision: { policy: fixed, wordlength: 8 }', /no setting 'wordlength'/],
  ])('refuses %s', (yaml, message) => {
    expect(() => decode(yaml)).toThrow(message);
  });
});

describe('engines', () => {
  it('are named by the storage a level needs', () => {
    expect([4, 8, 9, 16].map((w) => engineBits(uniformLevel(w)))).toEqual([8, 8, 16, 16]);
    expect(engineBits({ ...uniformLevel(8), weightGradients: 12 })).toBe(16);
    expect(engineBits('fp32')).toBe(32);
  });
});
