import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { ajv, inputError, nearest, packageRoot, yaml } from '../core/index.ts';

export interface Resources {
  readonly lut: number;
  readonly dsp: number;
  readonly bram36: number;
  readonly uram: number;
}

export interface MemoryBank {
  readonly tag: string;
  readonly type: 'DDR3' | 'DDR4' | 'HBM';
  readonly sizeMiB: number;
  readonly baseMiB: number;
  readonly peakGBs: number;
}

/** A card or SoC: hls/boards/<name>.yaml. Sources of its figures stand in the file. */
export interface Board {
  readonly name: string;
  readonly title: string;
  /** Platform name (VBNV) an xclbin must be made for. */
  readonly platform: string;
  readonly device: string;
  readonly clockMHz: number;
  /** Width of a memory port. */
  readonly portBits: number;
  readonly die: Resources;
  readonly usable: Resources;
  readonly memory: {
    readonly readEfficiency: number;
    readonly writeEfficiency: number;
    readonly readLatencyNs: number;
    readonly writeLatencyNs: number;
  };
  readonly link: {
    readonly kind: 'pcie' | 'shared';
    readonly toCardGBs: number;
    readonly fromCardGBs: number;
    readonly transferUs: number;
    readonly launchUs: number;
  };
  readonly banks: readonly MemoryBank[];
}

const number = { type: 'number', minimum: 0 };
const text = { type: 'string', minLength: 1 };
const record = (properties: Record<string, unknown>) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});
const numbers = (...names: string[]) => record(Object.fromEntries(names.map((name) => [name, number])));
const resources = numbers('lut', 'dsp', 'bram36', 'uram');

const boardSchema = record({
  ...{ name: text, title: text, platform: text, device: text, clockMHz: number, portBits: number },
  die: resources,
  usable: resources,
  memory: numbers('readEfficiency', 'writeEfficiency', 'readLatencyNs', 'writeLatencyNs'),
  link: record({
    kind: { enum: ['pcie', 'shared'] },
    ...{ toCardGBs: number, fromCardGBs: number, transferUs: number, launchUs: number },
  }),
  banks: {
    type: 'array',
    minItems: 1,
    items: record({
      tag: { type: 'string', minLength: 1, maxLength: 15 },
      type: { enum: ['DDR3', 'DDR4', 'HBM'] },
      ...{ sizeMiB: number, baseMiB: number, peakGBs: number },
    }),
  },
});

let compiled: ValidateFunction<Board> | undefined;
/** Compiled at first use: most commands read no board. */
function validator(): ValidateFunction<Board> {
  compiled ??= new (ajv().Ajv)({ allErrors: true }).compile<Board>(boardSchema);
  return compiled;
}

const folder = () => join(packageRoot(), 'hls', 'boards');
export const boardPath = (name: string) => join(folder(), `${name}.yaml`);
export const boardNames = (): string[] =>
  readdirSync(folder())
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -5))
    .sort();

/** Reads hls/boards/<name>.yaml. @throws CremaError input for an unknown board or a bad file. */
export function loadBoard(name: string): Board {
  const file = boardPath(name);
  if (!/^[\w.-]+$/.test(name) || !existsSync(file)) {
    const near = nearest(name, boardNames());
    throw inputError({
      message: `no board named ${name}`,
      expected: boardNames().join(', '),
      hint: near ? `did you mean ${near}?` : 'add a file to hls/boards/',
      code: 'unknown-board',
    });
  }
  let value: unknown;
  try {
    value = yaml().parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw inputError({ message: `${file}: ${(error as Error).message}`, code: 'bad-board' });
  }
  const validate = validator();
  if (!validate(value)) {
    throw inputError(
      (validate.errors ?? []).map((e) => ({
        message: `${file}: ${e.instancePath || '/'} ${e.message}`,
        code: 'bad-board',
      })),
    );
  }
  return value;
}
