/**
 * What Caffe's tools/extra/parse_log.py takes from a log, as facts: the expressions it searches each line for, and how it reads
 * the time of a line (severity letter with month and day, then h:m:s.microseconds). A line before the first "Iteration" is
 * passed over; the clock starts at the first line with "Solving"; a row is begun where the iteration changes.
 */
const ITERATION = /Iteration (\d+)/;
const TRAIN_OUTPUT = /Train net output #(\d+): (\S+) = ([.\deE+-]+)/;
const TEST_OUTPUT = /Test net output #(\d+): (\S+) = ([.\deE+-]+)/;
const LEARNING_RATE = /lr = ([-+]?[0-9]*\.?[0-9]+([eE]?[-+]?[0-9]+)?)/;

export interface LogRow {
  readonly NumIters: number;
  readonly Seconds: number;
  LearningRate: number;
  readonly [output: string]: number;
}

function secondsOf(line: string): number {
  const [day, clock] = line.trim().split(/\s+/);
  if (!/^[IWEF]\d{4}$/.test(day ?? '')) throw new Error(`no date in: ${line}`);
  const [, h, m, s] = /^(\d+):(\d+):(\d+)\.\d{6}$/.exec(clock ?? '') ?? [];
  if (s === undefined) throw new Error(`no time in: ${line}`);
  return Number(h) * 3600 + Number(m) * 60 + Number(s) + Number(clock!.split('.')[1]) / 1e6;
}

function add(rows: LogRow[], match: RegExpExecArray | null, iteration: number, seconds: number, rate: number): void {
  if (!match) return;
  if (rows.at(-1)?.NumIters !== iteration) rows.push({ NumIters: iteration, Seconds: seconds, LearningRate: rate });
  (rows.at(-1) as Record<string, number>)[match[2]!] = Number(match[3]);
}

export function parseLog(text: string): { train: LogRow[]; test: LogRow[] } {
  const lines = text.split('\n').filter((line) => line !== '');
  const first = lines.find((line) => line.includes('Solving'));
  if (!first) throw new Error('no line with "Solving"');
  const start = secondsOf(first);
  const [train, test]: [LogRow[], LogRow[]] = [[], []];
  let iteration = -1;
  let rate = Number.NaN;
  for (const line of lines) {
    const found = ITERATION.exec(line);
    if (found) iteration = Number(found[1]);
    if (iteration === -1) continue;
    const seconds = secondsOf(line) - start;
    rate = Number(LEARNING_RATE.exec(line)?.[1] ?? rate);
    add(train, TRAIN_OUTPUT.exec(line), iteration, seconds, rate);
    add(test, TEST_OUTPUT.exec(line), iteration, seconds, rate);
  }
  return { train, test };
}
