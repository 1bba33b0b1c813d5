import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { StageLog } from '../../orchestrator/recipes/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crema-stages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a procedure goes on at the first stage that is missing', async () => {
  const path = join(folder, 'run', 'stages.ndjson');
  const ran: string[] = [];
  const procedure = async (upTo: number) => {
    const log = new StageLog(path, { levels: [1, 2, 3] });
    const results: number[] = [];
    for (let i = 1; i <= upTo; i++) {
      const stage = `level ${i}`;
      results.push(
        await log.run(stage, () => {
          ran.push(stage);
          return i * i;
        }),
      );
    }
    return results;
  };
  expect(await procedure(2)).toEqual([1, 4]);
  appendFileSync(path, '{"stage":"level 3","res');
  expect(await procedure(3)).toEqual([1, 4, 9]);
  expect(ran).toEqual(['level 1', 'level 2', 'level 3']);
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(4);
  expect(() => new StageLog(path, { levels: [1] })).toThrow('other settings');
  await expect(new StageLog(path, { levels: [1, 2, 3] }).run('level 2', () => 0)).rejects.toThrow('where level 1 was');
});
