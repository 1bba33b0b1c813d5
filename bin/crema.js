#!/usr/bin/env node
import { statSync } from 'node:fs';

const dist = new URL('../dist/', import.meta.url);
const time = (file) => statSync(new URL(file, dist), { throwIfNoEntry: false })?.mtimeMs;
const modules = 'orchestrator/cli/main.js';
const program = 'program/main.js';

if (time(modules) === undefined) {
  process.stderr.write('crema: not built yet\n  hint: npm run build\n');
  process.exit(2);
}
// The same modules in few files start three times as fast. A compiler that ran alone since has left them behind.
const current = (time(program) ?? 0) >= (time('.tsbuildinfo') ?? 0) && (time(program) ?? 0) >= time(modules);
await import(new URL(current ? program : modules, dist).href);
