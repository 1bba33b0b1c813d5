import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readExperiment } from '../../orchestrator/recipes/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-experiment-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('paths of experiment.yaml', () => {
  const file = join(folder, 'experiment.yaml');
  writeFileSync(file, 'solver: nets/solver.prototxt\nweights: a.caffemodel,/far/b.caffemodel,../c.caffemodel\n');

  it('count from the file, each of several weights', () => {
    expect(readExperiment(file)).toMatchObject({
      solver: join(folder, 'nets/solver.prototxt'),
      weights: [join(folder, 'a.caffemodel'), '/far/b.caffemodel', resolve(folder, '../c.caffemodel')].join(','),
    });
  });

  it('those of --set count from the working directory', () => {
    const { solver, weights } = readExperiment(file, ['weights=x.caffemodel,y.caffemodel']);
    expect(solver).toBe(join(folder, 'nets/solver.prototxt'));
    expect(weights).toBe(`${resolve('x.caffemodel')},${resolve('y.caffemodel')}`);
  });
});
