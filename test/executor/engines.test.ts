import { describe, expect, it } from 'vitest';
import { ladderEngines, Session } from '../../orchestrator/executor/index.ts';
import { loadManifest } from '../../orchestrator/kernels/index.ts';
import { decodePrecision, type ExperimentPrecision } from '../../orchestrator/precision/index.ts';

const settings = (precision: ExperimentPrecision) => decodePrecision({ precision, seed: 1 })!;
const manifest = (config: string) => loadManifest('u250', config);
const configs = (precision: ExperimentPrecision, config: string) =>
  ladderEngines(settings(precision), manifest(config)).map((m) => m?.config);

describe('engines of a ladder', () => {
  it('are other bitstreams of the board where the config has one width', () => {
    expect(configs({ policy: 'muppet' }, 'f32')).toEqual(['i8', 'i16', 'i16', 'i16', 'f32']);
    expect(configs({ policy: 'muppet', ladder: [4, 8, 9, 'fp32'] }, 'i8')).toEqual(['i8', 'i8', 'i16', 'f32']);
  });

  it('are the config itself where it has every width', () => {
    expect(configs({ policy: 'muppet' }, 'mixed')).toEqual(['mixed', 'mixed', 'mixed', 'mixed', 'mixed']);
  });

  it('keep the number of compute units where they can', () => {
    expect(configs({ policy: 'fixed', ladder: [8] }, 'f32-x2')).toEqual(['i8-x2']);
  });

  it('serve the levels of single layers too', () => {
    expect(configs({ policy: 'fixed', ladder: [8], layers: { conv1: 16 } }, 'i8')).toEqual(['mixed']);
    expect(configs({ policy: 'fixed', ladder: [8], layers: { conv1: 'fp32' } }, 'i8')).toEqual(['i8']);
  });

  it('that are missing are a refusal before anything runs', () => {
    const muppet = settings({ policy: 'muppet' });
    expect(() => ladderEngines(muppet, undefined)).toThrow(
      /8 bits needs an engine for 8 bits; the host computes in fp32/,
    );
    expect(() => ladderEngines(muppet, manifest('i8'), true)).toThrow(
      /12 bits needs an engine for 16 bits; u250\/i8 computes/,
    );
    const host = { device: 'host', board: 'u250', config: 'f32' };
    expect(() => new Session({ ...host, precision: muppet })).toThrow(/needs an engine/);
    expect(() => new Session({ ...host, precision: settings({ policy: 'fixed', ladder: ['fp32'] }) })).not.toThrow();
  });
});
