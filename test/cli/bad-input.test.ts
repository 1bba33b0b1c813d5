import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandLine } from '../programs.ts';
import { type Ran, runAll, withFolder } from './commands.ts';

const data = 'layer { name: "d" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }\n';
const files: Record<string, string> = {
  'unknown-field.prototxt': `${data}layer {\n  name: "c"\n  type: "Convolution"\n  bottom: "x"\n  top: "c"\n  convolution_param { num_output: 4 kernel: 3 }\n}\n`,
  'unknown-type.prototxt': `${data}layer {\n  name: "c"\n  type: "Convolutoin"\n  bottom: "x"\n  top: "c"\n}\n`,
  'shapes.prototxt': `${data}layer { name: "e" type: "Input" top: "y" input_param { shape { dim: 2 dim: 4 dim: 8 dim: 8 } } }\nlayer {\n  name: "sum"\n  type: "Eltwise"\n  bottom: "x"\n  bottom: "y"\n  top: "s"\n}\n`,
  'missing-bottom.prototxt': `${data}layer {\n  name: "r"\n  type: "ReLU"\n  bottom: "xx"\n  top: "r"\n}\n`,
  'several.prototxt': `${data}layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 3 group: 2 } }\nlayer { name: "p" type: "Poling" bottom: "c" top: "p" }\nlayer { name: "r" type: "ReLU" bottom: "q" top: "r" }\n`,
  'lenet.prototxt': `${data}layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 2 } }\n`,
  'bad.yaml': 'device: host\nplacement: { host: [conv1\nseed: 1\n',
  'unknown.yaml': 'device: host\ndevise: sim\nseed: one\n',
  'control.prototxt': 'layer { name: "\\033[31mred" type: "No\\007thing" top: "x" }\n',
};

/** A command, its exit code, and what its message says: place, finding, hint. */
interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly code: number;
  readonly says: readonly RegExp[];
}

const cases: readonly Case[] = [
  {
    name: 'unknown field',
    args: ['inspect', 'unknown-field.prototxt'],
    code: 3,
    says: [/^crema: unknown-field\.prototxt:7:43: .*no field named "kernel"/, /did you mean kernel_/],
  },
  {
    name: 'unknown layer type',
    args: ['inspect', 'unknown-type.prototxt'],
    code: 3,
    says: [/^crema: unknown-type\.prototxt:4:3: c: unknown layer type 'Convolutoin'/, /did you mean 'Convolution'/],
  },
  {
    name: 'shape mismatch',
    args: ['inspect', 'shapes.prototxt'],
    code: 3,
    says: [/^crema: shapes\.prototxt:\d+:\d+: sum/, /2.*4.*8.*8/],
  },
  {
    name: 'missing bottom',
    args: ['inspect', 'missing-bottom.prototxt'],
    code: 3,
    says: [/^crema: missing-bottom\.prototxt:5:3: r > bottom: bottom 'xx'/, /did you mean 'x'/],
  },
  {
    name: 'several problems at once, each with its line',
    args: ['plan', '--model', 'several.prototxt', '--device', 'host'],
    code: 3,
    says: [/several\.prototxt:2:\d+: c/, /several\.prototxt:3:\d+: p/, /several\.prototxt:4:\d+: r/],
  },
  { name: 'missing file', args: ['inspect', 'nothing.prototxt'], code: 3, says: [/nothing\.prototxt/, /hint: /] },
  {
    name: 'missing net',
    args: ['time', '--model', 'nothing.prototxt', '--device', 'host'],
    code: 3,
    says: [/nothing\.prototxt/],
  },
  {
    name: 'missing weights',
    args: ['test', '--model', 'lenet.prototxt', '--weights', 'no.caffemodel', '--device', 'host'],
    code: 4,
    says: [/no\.caffemodel/],
  },
  { name: 'bad flag', args: ['train', '--slover', 'x'], code: 2, says: [/unknown option '--slover'/, /--solver/] },
  { name: "Caffe's bad flag", args: ['train', '-slover=x'], code: 2, says: [/--slover/] },
  { name: 'unknown verb', args: ['trian'], code: 2, says: [/unknown command 'trian'/, /train/] },
  { name: 'no solver', args: ['train'], code: 2, says: [/--solver/] },
  { name: 'bad phase', args: ['inspect', 'lenet.prototxt', '--phase', 'VAL'], code: 2, says: [/--phase VAL/, /TEST/] },
  { name: 'bad kind', args: ['inspect', 'lenet.prototxt', '--kind', 'nets'], code: 2, says: [/--kind nets/] },
  {
    name: 'bad record',
    args: ['inspect', 'lenet.prototxt', '--record', '3x4'],
    code: 2,
    says: [/--record 3x4/, /CxHxW/],
  },
  {
    name: 'bad YAML',
    args: ['plan', '--model', 'lenet.prototxt', '--config', 'bad.yaml'],
    code: 3,
    says: [/^crema: bad\.yaml:\d+:\d+: /],
  },
  {
    name: 'unknown setting, and a wrong one',
    args: ['plan', '--model', 'lenet.prototxt', '--config', 'unknown.yaml'],
    code: 3,
    says: [/unknown\.yaml:2:1: there is no setting 'devise'/, /did you mean 'device'/, /unknown\.yaml:3:7: seed/],
  },
  {
    name: 'unknown setting by --set',
    args: ['plan', '--model', 'lenet.prototxt', '--set', 'sed=3'],
    code: 3,
    says: [/there is no setting 'sed'/, /did you mean 'seed'/],
  },
  { name: '--set without a value', args: ['plan', '--set', 'seed'], code: 2, says: [/--set seed/, /key=value/] },
  {
    name: 'unknown format',
    args: ['show', 'lenet.prototxt', '--format', 'png', '--output', 'out.png'],
    code: 2,
    says: [/--format png/, /svg/],
  },
  {
    name: 'a net that cannot be drawn',
    args: ['show', 'missing-bottom.prototxt', '--output', 'out.svg', '--device', 'host'],
    code: 3,
    says: [/missing-bottom\.prototxt:5:3/],
  },
  {
    name: 'a net that cannot be upgraded',
    args: ['upgrade', 'unknown-field.prototxt', '--output', 'out.prototxt'],
    code: 3,
    says: [/unknown-field\.prototxt:7:43/],
  },
  {
    name: 'no data to convert',
    args: ['data', 'convert', 'no-list', '--output', 'out_lmdb'],
    code: 4,
    says: [/no-list/],
  },
  {
    name: 'an unknown set',
    args: ['data', 'make', 'digit', '--output', 'out_lmdb'],
    code: 2,
    says: [/synthetic-digits/],
  },
  {
    name: 'a count that is no number',
    args: ['data', 'make', 'digits', '--count', 'many', '--output', 'out_lmdb'],
    code: 2,
    says: [/--count many/],
  },
  { name: 'an unknown board', args: ['plan', '--model', 'lenet.prototxt', '--board', 'u51'], code: 3, says: [/u51/] },
];

function inFolder(use: (folder: string) => void): void {
  withFolder((folder) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    use(folder);
  });
}

describe('bad input', () => {
  it('gives one clear message, the exit code of who must act, and leaves nothing behind', () => {
    inFolder((folder) => {
      const before = readdirSync(folder).sort();
      const results = runAll(
        folder,
        cases.map((c) => c.args),
      );
      for (const [i, { name, code, says }] of cases.entries()) {
        const { stderr, code: got } = results[i]!;
        expect(`${name}: ${got} ${got === code ? '' : stderr}`).toBe(`${name}: ${code} `);
        for (const said of says) expect(stderr, name).toMatch(said);
        expect(stderr, name).not.toMatch(/internal error|\n {4}at /);
      }
      expect(readdirSync(folder).sort()).toEqual(before);
    });
  }, 240_000);

  it('with --json prints one object that says the same', () => {
    inFolder((folder) => {
      const [rejected, missing, usage, several, red] = runAll(folder, [
        ['inspect', 'missing-bottom.prototxt', '--json'],
        ['plan', '--model', 'nothing.prototxt', '--json'],
        ['plan', '--modle', 'x', '--json'],
        ['inspect', 'lenet.prototxt', 'nothing.prototxt', 'unknown-type.prototxt', '--jsonl'],
        ['inspect', 'control.prototxt'],
      ]) as [Ran, Ran, Ran, Ran, Ran];
      expect(rejected.code).toBe(3);
      const net = JSON.parse(rejected.stdout);
      expect(net).toMatchObject({
        kind: 'net',
        parse: { verdict: 'accept' },
        net: { verdict: 'reject', at_layer: 'r' },
      });
      expect(net.problems[0].span).toEqual({ file: 'missing-bottom.prototxt', line: 5, column: 3 });
      expect(JSON.parse(missing.stdout).error).toMatchObject({ kind: 'input', problems: [{ code: 'no-file' }] });
      expect(usage.code).toBe(2);
      expect(JSON.parse(usage.stdout).error.kind).toBe('usage');
      const lines = several.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(several.code).toBe(3);
      expect(lines.map((l) => l.net?.verdict ?? l.error?.kind)).toEqual(['accept', 'input', 'reject']);
      // Names come from files: no escape sequence of theirs may reach the terminal.
      expect(red.code).toBe(3);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(red.stderr + red.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    });
  }, 240_000);

  it('of a training run: the worker reports it once, and no run directory stays', () => {
    inFolder((folder) => {
      writeFileSync(
        join(folder, 'solver.prototxt'),
        'net: "missing-bottom.prototxt"\nbase_lr: 0.1\nlr_policy: "fixed"\nmax_iter: 2\n',
      );
      const before = readdirSync(folder).sort();
      const { status, stderr, stdout } = spawnSync(
        process.execPath,
        [...commandLine(), ...['train', '-solver=solver.prototxt', '--run-dir', 'run', '--device', 'host', '--json']],
        { cwd: folder, encoding: 'utf8' },
      );
      expect(status).toBe(3);
      expect(stderr.match(/crema: /g)).toHaveLength(1);
      expect(stderr).toMatch(/missing-bottom\.prototxt:5:3: r > bottom: .*\n {2}hint: did you mean 'x'/);
      expect(JSON.parse(stdout).error.problems[0].code).toBe('unknown-bottom');
      expect(readdirSync(folder).sort()).toEqual(before);
    });
  }, 240_000);
});
