import { CremaError, inputError } from '../core/index.ts';
import {
  decode,
  encode,
  type NetParameter,
  parseNet,
  parseSolver,
  printText,
  upgradeNetSteps,
  upgradeSolver,
} from '../proto/index.ts';
import type { TextKind } from './inspect-text.ts';
import { readInput } from './nets.ts';

/** A net, solver or weight file in today's form. */
export interface UpgradedFile {
  readonly kind: TextKind | 'caffemodel';
  /** Upgrades that were made, in order; none where the file was in today's form. */
  readonly upgrades: readonly string[];
  /** What could not be carried over, with its place. */
  readonly notes: readonly string[];
  readonly content: Buffer;
}

export interface UpgradeOptions {
  /** Guessed from the content where it is not given. */
  readonly kind?: TextKind | undefined;
}

/**
 * Rewrites a file as Caffe's upgrade tools do (upgrade_net_proto_text, upgrade_net_proto_binary,
 * upgrade_solver_proto_text). Comments are lost: the text is printed anew. Throws an input CremaError for what cannot be read.
 */
export function upgradeFile(file: string, options: UpgradeOptions = {}): UpgradedFile {
  const bytes = readInput(file, options.kind ?? 'file');
  if (!options.kind && isBinary(file, bytes)) {
    const { net, upgrades, notes } = upgraded(decode('NetParameter', bytes, file));
    if (net.layer.length === 0) {
      throw inputError({ message: `${file} holds no layers`, expected: 'a .caffemodel', code: 'not-a-caffemodel' });
    }
    return { kind: 'caffemodel', upgrades, notes, content: upgrades.length > 0 ? encode('NetParameter', net) : bytes };
  }
  if (options.kind === 'solver' || (!options.kind && !readable(() => parseNet(bytes, file)))) {
    const solver = parseEitherSolver(bytes, file, options.kind);
    const today = upgradeSolver(solver);
    const upgrades = today === solver ? [] : ['solver_type'];
    return { kind: 'solver', upgrades, notes: [], content: Buffer.from(printText(today)) };
  }
  const { net, upgrades, notes } = upgraded(parseNet(bytes, file));
  return { kind: 'net', upgrades, notes, content: Buffer.from(printText(net)) };
}

/** A text that is neither: the net's problems are told unless it was meant to be a solver. */
function parseEitherSolver(bytes: Uint8Array, file: string, kind: TextKind | undefined) {
  if (!kind && !readable(() => parseSolver(bytes, file))) parseNet(bytes, file);
  return parseSolver(bytes, file);
}

function readable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof CremaError && error.kind !== 'internal') return false;
    throw error;
  }
}

function isBinary(file: string, bytes: Buffer): boolean {
  if (/\.(prototxt|pbtxt|txt)$/.test(file)) return false;
  return /\.caffemodel$/.test(file) || bytes.subarray(0, 4096).includes(0);
}

function upgraded(text: NetParameter) {
  const notes: string[] = [];
  const { net, upgrades } = upgradeNetSteps(text, (upgrade, message, span, path) => {
    const place = span ? `${span.file}:${span.line}:${span.column}: ` : '';
    notes.push(`${place}${path}: ${message} (${upgrade})`);
  });
  return { net, upgrades, notes };
}
