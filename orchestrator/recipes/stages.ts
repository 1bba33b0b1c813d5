import { appendFileSync, existsSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { dataError, internalError, makeFolder, writing } from '../core/index.ts';

interface Entry {
  readonly stage: string;
  readonly result: unknown;
}

const parse = (line: string): Entry | undefined => {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
};

/**
 * The decisions of a procedure made of several trainings: one line of JSON for each finished stage, in order. A procedure that starts
 * again with the same file takes finished stages from it and goes on at the first that is missing, so it may be stopped anywhere.
 * Results are plain JSON; what is large goes to files that they name.
 */
export class StageLog {
  readonly path: string;
  private readonly known: Entry[] = [];
  private at = 0;

  /** `settings` stand on the first line: other ones refuse to go on. */
  constructor(path: string, settings: unknown) {
    this.path = path;
    const head: Entry = { stage: 'settings', result: settings };
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
    // What follows the last line end was cut off while it was written.
    const whole = lines.slice(0, -1).map(parse);
    if (whole.some((entry) => !entry))
      throw dataError({ message: `${path} is damaged`, expected: 'lines of JSON', code: 'stages' });
    const [first, ...rest] = whole as Entry[];
    if (!first) {
      makeFolder(dirname(path));
      if (existsSync(path)) truncateSync(path, 0);
      this.append(head);
      return;
    }
    if (JSON.stringify(first) !== JSON.stringify(head)) {
      throw dataError({
        message: `${path} was written with other settings`,
        expected: JSON.stringify(settings),
        hint: 'choose another run directory, or the former settings',
        code: 'other-settings',
      });
    }
    truncateSync(path, Buffer.byteLength(lines.slice(0, -1).join('\n')) + 1);
    this.known.push(...rest);
  }

  private append(entry: Entry): void {
    writing(this.path, () => appendFileSync(this.path, `${JSON.stringify(entry)}\n`));
  }

  /** The result of a stage: from the file, or of `body`, which then is noted. Stages must come in the same order every time. */
  async run<T>(stage: string, body: () => Promise<T> | T): Promise<T> {
    const entry = this.known[this.at];
    this.at++;
    if (entry && entry.stage !== stage) throw internalError(`${this.path}: stage ${stage} where ${entry.stage} was`);
    if (entry) return entry.result as T;
    const result = await body();
    this.append({ stage, result });
    return result;
  }
}
