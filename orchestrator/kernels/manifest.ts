import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inputError, nearest, packageRoot, schemaCheck } from '../core/index.ts';
import { ABI_VERSION } from './descriptor.ts';

export type Argument = 'a' | 'b' | 'c' | 'bias' | 'ops';
/** Kernel arguments in order; `ops` is the descriptor list, the scalar n_ops follows it. */
export const ARGUMENTS: readonly Argument[] = ['a', 'b', 'c', 'bias', 'ops'];

export type ElementBits = 8 | 16 | 32;

export interface ComputeUnit {
  readonly name: string;
  /** Tag of the memory bank each argument's port is wired to. */
  readonly banks: Readonly<Record<Argument, string>>;
}

/** What a bitstream can do: bitstreams/<board>/<config>/manifest.json. */
export interface Manifest {
  readonly abi: number;
  readonly kernel: string;
  readonly board: string;
  readonly config: string;
  /** Folder of build/hls/ whose engine.so is this config's emulation. */
  readonly engine: string;
  /** fp32: `fused`, one rounding per multiply-add; `separate`, product and sum each rounded. `integer`: exact 48-bit sums. */
  readonly arithmetic: 'fused' | 'separate' | 'integer' | 'fused+integer';
  /** Element widths that the compute units take: 32 is fp32, 8 and 16 are block floating point. */
  readonly elementBits: readonly ElementBits[];
  readonly wordBits: number;
  /** Batch lanes per block that the engine takes. */
  readonly lanes: readonly number[];
  readonly clockMHz: number;
  readonly array: { readonly rows: number; readonly columns: number };
  readonly tiles: { readonly rows: number; readonly columns: number; readonly reduction: number };
  readonly computeUnits: readonly ComputeUnit[];
  readonly operations: readonly string[];
  readonly limits: { readonly kernelMax: number; readonly elementsMax: number };
}

/** The widest element a bitstream takes: what costs are modelled for where nothing else is asked. */
export const widestElement = (manifest: Manifest): ElementBits => Math.max(...manifest.elementBits) as ElementBits;

const folder = () => join(packageRoot(), 'bitstreams');
const subfolders = (path: string) =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : [];

/** Boards that have bitstreams, and the configs of one. */
export const manifestBoards = (): string[] => subfolders(folder());
export const manifestConfigs = (board: string): string[] => subfolders(join(folder(), board));

export const manifestPath = (board: string, config: string) => join(folder(), board, config, 'manifest.json');
/** Where `crema bitstream build` puts, and devices look for, the container. */
export const xclbinPath = (board: string, config: string) => join(folder(), board, config, 'engine.xclbin');

/** Checks a manifest's text. @throws CremaError input, all problems of the file at once. */
export function parseManifest(text: string, file: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw inputError({ message: `${file}: ${(error as Error).message}`, expected: 'JSON', code: 'bad-manifest' });
  }
  const validate = schemaCheck<Manifest>('manifest');
  if (!validate(value)) {
    throw inputError(
      (validate.errors ?? []).map((e) => ({
        message: `${file}: ${e.instancePath || '/'} ${e.message}`,
        code: 'bad-manifest',
      })),
    );
  }
  if (value.abi !== ABI_VERSION) {
    throw inputError({
      message: `${file}: kernel ABI ${value.abi}`,
      expected: `ABI ${ABI_VERSION}`,
      hint: 'rebuild the bitstream with this version: crema bitstream build',
      code: 'kernel-abi',
    });
  }
  return value;
}

function unknownName(what: string, name: string, known: string[]): Error {
  const near = nearest(name, known);
  return inputError({
    message: `no ${what} named ${name}`,
    expected: known.join(', ') || `a folder below bitstreams/`,
    hint: near ? `did you mean ${near}?` : undefined,
    code: `unknown-${what}`,
  });
}

/** Reads bitstreams/<board>/<config>/manifest.json. @throws CremaError input for unknown names or a bad file. */
export function loadManifest(board: string, config: string): Manifest {
  if (!manifestBoards().includes(board)) throw unknownName('board', board, manifestBoards());
  const file = manifestPath(board, config);
  if (!manifestConfigs(board).includes(config) || !existsSync(file)) {
    throw unknownName('config', config, manifestConfigs(board));
  }
  return parseManifest(readFileSync(file, 'utf8'), file);
}
