#!/usr/bin/env node
// Runs examples/<name>/study.ts in a process of its own: `node bin/study.js <name> <run directory> <options as JSON>`.
// Progress goes to stderr, the figures as one line of JSON to stdout.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [name, runDirectory, options] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const file = join(root, 'dist', 'examples', name, 'study.js');
if (!existsSync(file)) {
  process.stderr.write(`crema: no ${file}\n  hint: npm run build\n`);
  process.exit(2);
}
const { reportError } = await import(new URL('../dist/orchestrator/cli/output.js', import.meta.url).href);
try {
  const { default: study } = await import(file);
  const figures = await study({
    folder: join(root, 'examples', name),
    runDirectory,
    options: JSON.parse(options),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} catch (error) {
  process.exitCode = reportError(error, false);
}
