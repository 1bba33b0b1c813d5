// `npm run example -- <folder> [--short] [--json] [--run-dir <folder>]`: runs the steps of examples/<folder>/example.json and checks its bars.
// A step is a command of crema (`args`), or `study: true`: the folder's study.ts with the step's `options`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { buildPackages, ensureAll, firstEngines, root } from './setup.mjs';

const flags = process.argv.slice(2);
const json = flags.includes('--json');
const short = flags.includes('--short');
const at = flags.indexOf('--run-dir');
const [runFolder] = at < 0 ? [] : flags.splice(at, 2).slice(1);
const named = flags.find((flag) => !flag.startsWith('-'));
const name = named && basename(named);
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
const run = runFolder ? resolve(runFolder) : mkdtempSync(join(tmpdir(), `crema-${name}-`));
const figures = {};
const program = (file) => join(root, 'bin', file);
function command(step) {
  if (step.study) return [program('study.js'), name, run, JSON.stringify(step.options ?? {})];
  const args = step.args.map((arg) => arg.replaceAll('{folder}', folder).replaceAll('{run}', run));
  say(`$ crema ${args.join(' ')}`);
  return [program('crema.js'), ...args, '--json'];
}
for (const step of steps) {
  const done = spawnSync(process.execPath, command(step), { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (done.status !== 0) {
    process.stderr.write(`crema: the example stopped with exit ${done.status}\n`);
    process.exit(done.status ?? 70);
  }
  const last = done.stdout.trim().split('\n').at(-1);
  const result = JSON.parse(last);
  for (const key of step.figures ?? Object.keys(result)) if (typeof result[key] !== 'object') figures[key] = result[key];
}
say(`run directory: ${run}`);
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
