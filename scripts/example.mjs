// `npm run example -- <folder> [--short] [--json]`: runs the steps of examples/<folder>/example.json and checks its bars.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPackages, ensureAll, firstEngines, root } from './setup.mjs';

const flags = process.argv.slice(2);
const json = flags.includes('--json');
const short = flags.includes('--short');
const name = flags.find((flag) => !flag.startsWith('-'));
const say = (text) => (json ? process.stderr : process.stdout).write(`${text}\n`);

const known = readdirSync(join(root, 'examples')).filter((folder) => existsSync(join(root, 'examples', folder, 'example.json')));
if (!name || !known.includes(name)) {
  process.stderr.write(`crema: ${name ? `no example '${name}'` : 'which example?'}\n  hint: one of ${known.join(', ')}\n`);
  process.exit(2);
}
const folder = join(root, 'examples', name);
const example = JSON.parse(readFileSync(join(folder, 'example.json'), 'utf8'));
await ensureAll(buildPackages, [...firstEngines, ...(example.engines ?? [])]);

const { steps, bars } = short && example.short ? example.short : example;
const run = mkdtempSync(join(tmpdir(), `crema-${name}-`));
const figures = {};
for (const step of steps) {
  const args = step.args.map((arg) => arg.replaceAll('{folder}', folder).replaceAll('{run}', run));
  say(`$ crema ${args.join(' ')}`);
  const done = spawnSync(process.execPath, [join(root, 'bin', 'crema.js'), ...args, '--json'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (done.status !== 0) {
    process.stderr.write(`crema: the example stopped with exit ${done.status}\n`);
    process.exit(done.status ?? 70);
  }
  const last = done.stdout.trim().split('\n').at(-1);
  const result = JSON.parse(last);
  for (const key of step.figures ?? Object.keys(result)) if (typeof result[key] !== 'object') figures[key] = result[key];
}
let passed = true;
for (const [key, bar] of Object.entries(bars)) {
  const value = figures[key];
  const held = typeof value === 'number' && (bar.min === undefined || value >= bar.min) && (bar.max === undefined || value <= bar.max);
  passed &&= held;
  const wanted = [bar.min === undefined ? '' : `≥ ${bar.min}`, bar.max === undefined ? '' : `≤ ${bar.max}`].filter(Boolean).join(' and ');
  say(`${held ? 'held  ' : 'MISSED'} ${key} = ${value} (${wanted})`);
}
if (json) process.stdout.write(`${JSON.stringify({ example: name, ...figures, passed })}\n`);
else say(passed ? 'passed' : 'FAILED');
process.exit(passed ? 0 : 1);
