import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputError, nearest, packageRoot, schemaCheck, yaml } from '../core/index.ts';

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
  const validate = schemaCheck<Board>('board');
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
