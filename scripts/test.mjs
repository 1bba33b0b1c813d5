// `npm test`: installs what the tests need, builds, runs them, and ends with one line of totals.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureAll, root, testEngines, testPackages, typesRight } from './setup.mjs';

let failed = 0;
function report(what, well) {
  process.stdout.write(`${what}: ${well ? 'ok' : 'FAILED'}\n`);
  if (!well) failed++;
}

await ensureAll(testPackages, testEngines, () => {
  report('types', typesRight());
  const biome = [join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check', '--log-level=error'];
  report('lint', spawnSync(process.execPath, biome, { cwd: root, stdio: 'inherit' }).status === 0);
});

// Tests that fail or are stopped leave their folders behind: all lie in one that goes.
const scratch = mkdtempSync(join(tmpdir(), 'crema-test-'));
const totals = join(scratch, 'totals.json');
const vitest = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile=${totals}`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: { ...process.env, TMPDIR: scratch } },
);
let counts = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
try {
  counts = JSON.parse(readFileSync(totals, 'utf8'));
} catch {
  process.stdout.write('vitest wrote no totals\n');
}
rmSync(scratch, { recursive: true, force: true });
// A file that does not load fails the run without a failed test of its own.
if (vitest.status !== 0 && counts.numFailedTests === 0) failed++;
failed += counts.numFailedTests;
process.stdout.write(`\n${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests} skipped\n`);
process.exit(failed === 0 ? 0 : 1);
