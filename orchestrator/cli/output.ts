import { CremaError, printable } from '../core/index.ts';

/** What a verb prints: with --json one object on stdout and everything else on stderr; without, text on stdout. */
export interface Printer {
  readonly json: boolean;
  /** A line for people: stdout, or stderr where stdout belongs to JSON. */
  line(text?: string): void;
  /** The verb's result. */
  result(value: unknown): void;
}

export function printer(json: boolean): Printer {
  return {
    json,
    line: (text = '') => void (json ? process.stderr : process.stdout).write(`${text}\n`),
    result: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}

/** Says what went wrong, once, and gives the exit code. */
export function reportError(error: unknown, json: boolean): number {
  if (error instanceof CremaError) {
    process.stderr.write(`crema: ${error.message}\n`);
    if (json) process.stdout.write(`${JSON.stringify({ error: { kind: error.kind, problems: error.problems } })}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`crema: internal error: ${text.split('\n').map(printable).join('\n')}\n`);
  process.stderr.write('  hint: this is a fault of crema itself; please report it with the command and its input\n');
  return 70;
}

/** Aligned columns; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((c) => printable(String(c))));
  const widths = head.map((_, i) => cells.reduce((most, row) => Math.max(most, row[i]?.length ?? 0), 0));
  const numeric = head.map(
    (_, i) => rows.length > 0 && rows.every((row) => /^[-+\d.,%e]*$/.test(String(row[i] ?? ''))),
  );
  return cells
    .map((row) =>
      row
        .map((c, i) => (numeric[i] ? c.padStart(widths[i]!) : c.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
