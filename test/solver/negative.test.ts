import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CremaError } from '../../orchestrator/core/index.ts';
import { parseSolver } from '../../orchestrator/proto/index.ts';
import { checkSolver, Solver } from '../../orchestrator/solver/index.ts';
import { ReferenceExecution } from '../net/reference-execution.ts';

const NEGATIVE = '../shared/corpus/negative';
interface Entry {
  file: string;
  group: string;
  expected: { verdict: 'accept' | 'reject' };
}
const entries: Entry[] = existsSync(`${NEGATIVE}/index.json`)
  ? JSON.parse(readFileSync(`${NEGATIVE}/index.json`, 'utf8')).files.filter((f: Entry) => f.group === 'solver')
  : [];
if (entries.length === 0) console.log(`notice: ${NEGATIVE} is not there, its cases are skipped`);

describe.skipIf(entries.length === 0)('odd and broken solvers', () => {
  for (const entry of entries) {
    it(`${entry.file}: ${entry.expected.verdict}`, async () => {
      const file = `${NEGATIVE}/${entry.file}`;
      const make = async () => {
        const settings = checkSolver(parseSolver(readFileSync(file), file), file);
        const solver = await Solver.create({ settings, execute: (net, params) => new ReferenceExecution(net, params) });
        await solver.step(2);
        return solver.iteration;
      };
      if (entry.expected.verdict === 'accept') expect(await make()).toBe(2);
      else {
        const error = await make().catch((e: unknown) => e);
        expect(error).toBeInstanceOf(CremaError);
        expect((error as CremaError).kind).toBe('input');
      }
    });
  }
});
