import { CremaError, inputError, type Problem } from '../core/index.ts';
import type { Phase } from '../layers/index.ts';
import {
  beginsAs,
  type HashedText,
  hashText,
  parseText,
  type SolverParameter,
  upgradeNetSteps,
  upgradeSolver,
  wireHash,
} from '../proto/index.ts';
import { judgeNet, type NetVerdict } from './inspect-net.ts';
import { judgeSolver, type SolverVerdict } from './inspect-solver.ts';

export type TextKind = 'net' | 'solver';

export interface InspectOptions {
  /** Guessed from the content where it is not given. */
  readonly kind?: TextKind | undefined;
  readonly phase: Phase;
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
  /** C, H, W of a record; with it, no file that the text names is opened. */
  readonly record?: readonly [number, number, number] | undefined;
}

/** What a prototxt is: the answer of `crema inspect`, in the words of its JSON. */
export interface InspectedText {
  readonly file: string;
  readonly kind: TextKind;
  /** The verdict of protobuf's C++ text reader; line 0 stands for the message as a whole. */
  readonly parse: {
    readonly verdict: 'accept' | 'reject';
    readonly line?: number;
    readonly col?: number;
    readonly message?: string;
  };
  readonly wire_sha256?: string;
  /** Of texts that are not too large to make anything of. */
  readonly canonical_sha256?: string;
  readonly upgraded_wire_sha256?: string;
  /** Legacy upgrades the text needs, in order. */
  readonly upgrade?: readonly string[];
  readonly net?: NetVerdict;
  readonly solver?: SolverVerdict;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

type Read =
  | { readonly kind: TextKind; readonly hashed: HashedText }
  | { readonly kind: TextKind; readonly error: CremaError };

const typeFor = { net: 'NetParameter', solver: 'SolverParameter' } as const;

function readAs(kind: TextKind, bytes: Uint8Array, file: string): Read {
  try {
    return { kind, hashed: hashText(typeFor[kind], bytes, file) };
  } catch (error) {
    if (error instanceof CremaError && error.kind === 'input') return { kind, error };
    throw error;
  }
}

/** Where the reader stopped; as far as possible means it was meant so. */
function stopped(error: CremaError): number {
  const span = error.problems[0]?.span;
  // Line 0: all of it was read, and the message as a whole lacks something.
  if (span?.line === 0) return Number.POSITIVE_INFINITY;
  return span ? span.line * 1e6 + span.column : 0;
}

/** Reads a text as what it is; of two readings that both fail, the one that got farther (a net where they are equal). */
function readEither(bytes: Uint8Array, file: string): Read {
  const isNet = beginsAs('NetParameter', bytes);
  if (isNet !== beginsAs('SolverParameter', bytes)) return readAs(isNet ? 'net' : 'solver', bytes, file);
  const net = readAs('net', bytes, file);
  if ('hashed' in net) return net;
  const solver = readAs('solver', bytes, file);
  return 'hashed' in solver || stopped(solver.error) > stopped(net.error) ? solver : net;
}

/**
 * Judges a text. A text that is refused gives verdicts and problems; errors are thrown for nothing that stands in it. It is hashed as it is
 * read; only one that describes a net of a reasonable size is made a message, and a net, of.
 */
export function inspectText(bytes: Uint8Array, file: string, options: InspectOptions): InspectedText {
  const read = options.kind ? readAs(options.kind, bytes, file) : readEither(bytes, file);
  const { kind } = read;
  if ('error' in read) {
    const { problems } = read.error;
    const first = problems[0]!;
    const parse = {
      verdict: 'reject',
      line: first.span?.line ?? 0,
      col: first.span?.column ?? 0,
      message: first.message,
    } as const;
    return { file, kind, parse, problems, notes: [] };
  }
  const { wire, canonical, excess } = read.hashed;
  const head = {
    file,
    kind,
    parse: { verdict: 'accept' },
    wire_sha256: wire,
    ...(canonical !== undefined && { canonical_sha256: canonical }),
  } as const;
  if (kind === 'net') return { ...head, ...inspectNet(bytes, wire, excess, file, options) };
  if (excess) return { ...head, solver: { verdict: 'reject' }, problems: [excess], notes: [] };
  return { ...head, ...inspectSolver(parseText('SolverParameter', bytes, file), file, options) };
}

type Rest = Pick<InspectedText, 'upgraded_wire_sha256' | 'upgrade' | 'net' | 'solver' | 'problems' | 'notes'>;

function inspectNet(
  bytes: Uint8Array,
  wire: string,
  excess: Problem | undefined,
  file: string,
  options: InspectOptions,
): Rest {
  const notes: string[] = [];
  let steps: ReturnType<typeof upgradeNetSteps>;
  try {
    if (excess) throw inputError(excess);
    steps = upgradeNetSteps(parseText('NetParameter', bytes, file), (upgrade, message, span, path) => {
      notes.push(`${span ? `${span.file}:${span.line}:${span.column}: ` : ''}${path}: ${message} (${upgrade})`);
    });
  } catch (error) {
    if (!(error instanceof CremaError) || error.kind !== 'input') throw error;
    const reason = error.problems[0]?.message ?? error.message;
    return { net: { verdict: 'reject', phase: options.phase, reason }, problems: error.problems, notes };
  }
  const { phase, level, stages, record } = options;
  const { verdict, problems } = judgeNet(steps.net, { phase, level, stages, record, file });
  return {
    upgraded_wire_sha256: steps.upgrades.length > 0 ? wireHash(steps.net) : wire,
    upgrade: steps.upgrades,
    net: verdict,
    problems,
    notes,
  };
}

function inspectSolver(text: SolverParameter, file: string, { record }: InspectOptions): Rest {
  let upgraded: SolverParameter | undefined;
  try {
    upgraded = upgradeSolver(text);
  } catch (error) {
    // The judge meets the same error and reports it.
    if (!(error instanceof CremaError) || error.kind === 'internal') throw error;
  }
  const { verdict, problems, notes } = judgeSolver(text, upgraded, file, record);
  return { ...(upgraded && { upgraded_wire_sha256: wireHash(upgraded) }), solver: verdict, problems, notes };
}
