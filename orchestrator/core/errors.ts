/** One class per party who must act; each has the exit code the command line ends with. */
export const EXIT = { usage: 2, input: 3, data: 4, device: 5, diverged: 6, internal: 70, resumable: 75 } as const;

export type ErrorKind = keyof typeof EXIT;

/** A place in a text file. Lines and columns count from 1; columns count bytes, a tab moves to the next multiple of 8 (protobuf's rule). */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly message: string;
  /** Where in the user's files. */
  readonly span?: Span | undefined;
  /** Path of names, e.g. `conv1 > convolution_param > group`. */
  readonly path?: string | undefined;
  readonly expected?: string | undefined;
  readonly hint?: string | undefined;
  /** Short stable code, e.g. `unknown-field`. */
  readonly code?: string | undefined;
}

/** Names come from files: control characters would let them write escape sequences to a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\u00b7');
}

function describe(problem: Problem): string {
  const place = problem.span ? `${problem.span.file}:${problem.span.line}:${problem.span.column}: ` : '';
  const path = problem.path ? `${printable(problem.path)}: ` : '';
  const expected = problem.expected ? `; expected ${printable(problem.expected)}` : '';
  const hint = problem.hint ? `\n  hint: ${printable(problem.hint)}` : '';
  return `${place}${path}${printable(problem.message)}${expected}${hint}`;
}

/** Problems spelled out in a message; a file can have a million. */
const SHOWN = 200;

/** Every error this program raises on purpose. Several problems of one file travel together. */
export class CremaError extends Error {
  readonly kind: ErrorKind;
  readonly problems: readonly Problem[];

  constructor(kind: ErrorKind, problems: Problem | readonly Problem[], options?: { cause?: unknown }) {
    const list: readonly Problem[] = Array.isArray(problems) ? problems : [problems as Problem];
    const more = list.length > SHOWN ? `\n… and ${list.length - SHOWN} more problems` : '';
    super(list.slice(0, SHOWN).map(describe).join('\n') + more, options);
    this.name = 'CremaError';
    this.kind = kind;
    this.problems = list;
  }

  get exitCode(): number {
    return EXIT[this.kind];
  }
}

export const usageError = (p: Problem) => new CremaError('usage', p);
export const inputError = (p: Problem | readonly Problem[]) => new CremaError('input', p);
export const dataError = (p: Problem, cause?: unknown) => new CremaError('data', p, { cause });
export const deviceError = (p: Problem, cause?: unknown) => new CremaError('device', p, { cause });
export const internalError = (message: string) => new CremaError('internal', { message });
