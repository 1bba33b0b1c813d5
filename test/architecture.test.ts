import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../orchestrator/core/index.ts';

// The rooms from the ground up: each imports only rooms before it. A new room goes here first.
const ROOMS = [
  ...[
    'core',
    'blob',
    'proto',
    'native',
    'math',
    'data',
    'layers',
    'net',
    'device',
    'kernels',
    'precision',
    'prune',
    'adapt',
  ],
  ...['cost', 'plan', 'executor', 'snapshot', 'solver', 'recipes', 'report', 'cli'],
];
const FFI_PACKAGES = ['koffi', 'ffi-napi', 'ref-napi'];
const CEILING = 400;

const root = packageRoot();
const orchestrator = join(root, 'orchestrator');

function files(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path, pattern);
    return pattern.test(entry.name) ? [path] : [];
  });
}

const lines = (path: string) => readFileSync(path, 'utf8').split('\n').length - 1;
const generated = (path: string) => readFileSync(path, 'utf8').startsWith('// generated');
const sources = files(orchestrator, /\.ts$/);
const imports = (path: string) =>
  [...readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]!);
const roomOf = (path: string) => relative(orchestrator, path).split('/')[0]!;

describe('the house', () => {
  it('has only the rooms of the list', () => {
    const rooms = readdirSync(orchestrator).filter((name) => statSync(join(orchestrator, name)).isDirectory());
    expect(rooms.filter((room) => !ROOMS.includes(room))).toEqual([]);
  });

  it('imports only from rooms before, and through their index', () => {
    const wrong: string[] = [];
    for (const path of sources) {
      for (const target of imports(path).filter((name) => name.startsWith('.'))) {
        const other = resolve(dirname(path), target);
        const [from, to] = [roomOf(path), roomOf(other)];
        if (from === to) continue;
        const place = `${relative(root, path)} imports ${relative(root, other)}`;
        if (ROOMS.indexOf(to) > ROOMS.indexOf(from)) wrong.push(`${place}: a room above`);
        // math/ is one file per group of C functions; a layer names the group it calls.
        if (to !== 'math' && relative(orchestrator, other) !== `${to}/index.ts`)
          wrong.push(`${place}: not through index.ts`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('has no import cycle', () => {
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (path: string, trail: string[]) => {
      if (state.get(path) === 'done') return;
      if (state.get(path) === 'open') {
        cycles.push([...trail.slice(trail.indexOf(path)), path].map((p) => relative(root, p)).join(' -> '));
        return;
      }
      state.set(path, 'open');
      const text = readFileSync(path, 'utf8');
      // Type-only imports vanish; they make no order of loading.
      const loaded = [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s*'(\.[^']+)'/gms)].map((m) => m[1]!);
      for (const target of loaded) visit(resolve(dirname(path), target), [...trail, path]);
      state.set(path, 'done');
    };
    for (const path of sources) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('names FFI packages only in native/', () => {
    const wrong = sources.filter(
      (path) =>
        roomOf(path) !== 'native' &&
        imports(path).some((name) => FFI_PACKAGES.some((p) => name === p || name.startsWith(`${p}/`))),
    );
    expect(wrong.map((path) => relative(root, path))).toEqual([]);
  });

  it('prints and exits only in cli/', () => {
    const wrong = sources.filter(
      (path) =>
        roomOf(path) !== 'cli' &&
        !path.endsWith('-child.ts') &&
        /\bconsole\.|process\.exit\(|process\.std(out|err)\.write/.test(readFileSync(path, 'utf8')),
    );
    expect(wrong.map((path) => relative(root, path))).toEqual([]);
  });

  it(`keeps files below ${CEILING} lines, most of them small`, () => {
    const folders = ['orchestrator', 'host', 'hls', 'sim', 'bench', 'scripts', 'test'];
    const code = folders
      .flatMap((folder) => files(join(root, folder), /\.(ts|mjs|cpp|hpp|inc)$/))
      .filter((path) => !generated(path));
    const long = code.filter((path) => lines(path) > CEILING).map((path) => `${relative(root, path)}: ${lines(path)}`);
    expect(long).toEqual([]);
    const sizes = sources.map(lines).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]!).toBeLessThanOrEqual(100);
    expect(sizes[Math.floor(sizes.length * 0.9)]!).toBeLessThanOrEqual(220);
  });

  it('has no file called utils, helpers, manager or misc', () => {
    const names = files(root, /^(utils?|helpers?|managers?|misc|common)\./).filter(
      (path) => !/node_modules|dist|build/.test(path),
    );
    expect(names).toEqual([]);
  });

  it('has no unfinished business', () => {
    const marked = sources.filter((path) => /\b(TODO|FIXME|XXX|HACK)\b/.test(readFileSync(path, 'utf8')));
    expect(marked).toEqual([]);
  });
});
