// `npm run bench -- precision [--threads N] [--net name] [--batch N] [--words 8,16] [--seconds S] [--json]`: a training step in block floating
// point against our own fp32 step, in turn in processes of their own; where its time goes; and what boards are modelled to take.
import { existsSync, readFileSync } from 'node:fs';
import { wholeNumber } from '../orchestrator/cli/flag-values.ts';
import { usageError } from '../orchestrator/core/index.ts';
import { Session } from '../orchestrator/executor/index.ts';
import { manifestConfigs } from '../orchestrator/kernels/index.ts';
import { decodePrecision } from '../orchestrator/precision/index.ts';
import { planLevels } from '../orchestrator/recipes/index.ts';
import { netAtBatch, netFile } from './nets/load.ts';
import { readOptions, runProgram } from './options.ts';
import { stepInProcess } from './step-process.ts';

interface Row {
  batch: number;
  word: number;
  config: string;
  step_ms: number;
  cpu_ms: number;
  images_per_second: number;
  parts_ms: Record<string, number>;
}

/** CaffeNet's solver trains at 256; the update and the weights' boundary, the same at any batch, weigh about as little at 64. */
const BATCHES: Record<string, number> = { caffenet: 64 };

/** What every step of the comparison shares. */
interface Setting {
  readonly threads: number;
  readonly seconds: number;
  /** Images; undefined: the net's own. */
  readonly batch: number | undefined;
}

/** What this CPU offers the integer engine; AMX and VNNI are what MuPPET's int8 gain stands on. */
function instructions(): string {
  let flags = '';
  try {
    flags = /^flags.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? '';
  } catch {
    return 'unknown CPU';
  }
  const has = ['avx2', 'avx512f', 'avx_vnni', 'avx512_vnni', 'amx_int8'].filter((f) => flags.split(' ').includes(f));
  return has.join(' ') || 'no vector integers';
}

function measure({ threads, seconds, batch }: Setting, net: string, word: string): Row {
  const args = [netFile(net), 'sim', String(threads), String(seconds), 'f32', word];
  return stepInProcess<Row>(batch === undefined ? args : [...args, String(batch)]);
}

const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;

/** The same step on board files at each precision: modelled. */
function boards(net: string, batch: number | undefined) {
  const graph = netAtBatch(netFile(net), batch);
  return ['u250', 'pynq-z2'].flatMap((board) => {
    if (!manifestConfigs(board).includes('i8')) return [];
    const precision = decodePrecision({ precision: { policy: 'muppet', ladder: [8, 12, 16, 'fp32'] }, seed: 1 })!;
    const session = new Session({ device: 'sim', board, config: 'f32', precision });
    return [{ board, levels: planLevels(graph, session, precision.ladder) }];
  });
}

function main(): void {
  const values = readOptions(
    'npm run bench -- precision',
    'a training step in block floating point between two in fp32, each in a process of its own',
    {
      threads: { type: 'string', default: '1', about: '<n> CPU threads' },
      net: { type: 'string', default: 'cifar10-quick,caffenet', about: '<name,…> of bench/nets' },
      batch: { type: 'string', about: '<n> images; that of the net, 64 for CaffeNet, where absent' },
      words: { type: 'string', default: '8,16', about: '<bits,…>' },
      seconds: { type: 'string', default: '5', about: '<n> seconds for each step' },
      json: { type: 'boolean', default: false, about: 'one JSON object a net' },
    },
    process.argv.slice(3),
  );
  const threads = wholeNumber('--threads', values.threads, 1);
  const seconds = wholeNumber('--seconds', values.seconds, 1);
  const words = values.words.split(',');
  for (const word of words) wholeNumber('--words', word, 2);
  const nets = values.net.split(',');
  for (const net of nets) {
    if (existsSync(netFile(net))) continue;
    throw usageError({ message: `--net ${net}`, expected: 'names of bench/nets', code: 'unknown-net' });
  }
  const given = values.batch === undefined ? undefined : wholeNumber('--batch', values.batch, 1);
  const say = (text: string) => {
    if (!values.json) process.stdout.write(`${text}\n`);
  };
  say(`${threads} thread(s), ${instructions()}`);
  for (const net of nets) {
    const setting = { threads, seconds, batch: given ?? BATCHES[net] };
    // fp32 before and after: what differs between them is the machine.
    const first = measure(setting, net, '');
    const fixed = words.map((word) => measure(setting, net, word));
    const last = measure(setting, net, '');
    const fp32 = (first.cpu_ms + last.cpu_ms) / 2;
    const wall = (first.step_ms + last.step_ms) / 2;
    say(
      `\n${net}, batch ${last.batch}: fp32 ${wall.toFixed(1)} ms a step (${first.step_ms.toFixed(1)} before, ${last.step_ms.toFixed(1)} after), processor time ${fp32.toFixed(1)} ms; measured`,
    );
    say(
      `  fp32      ${Object.entries(last.parts_ms)
        .map(([k, v]) => `${k} ${percent(v, last.step_ms)}`)
        .join(', ')}`,
    );
    for (const row of fixed) {
      const { quantise = 0, dequantise = 0, reorder = 0 } = row.parts_ms;
      const boundary = quantise + dequantise + reorder;
      say(
        `  W = ${String(row.word).padEnd(2)}    ${row.step_ms.toFixed(1)} ms: ${(wall / row.step_ms).toFixed(2)}x by the clock, ${(fp32 / row.cpu_ms).toFixed(2)}x by processor time; boundary ${percent(boundary, row.step_ms)}`,
      );
      say(
        `            ${Object.entries(row.parts_ms)
          .map(([k, v]) => `${k} ${percent(v, row.step_ms)}`)
          .join(', ')}`,
      );
    }
    const modelled = boards(net, setting.batch);
    for (const { board, levels } of modelled) {
      say(
        `  ${board}, modelled, the card's part of a step: ${levels.map((l) => `${l.level} ${l.milliseconds?.toFixed(1) ?? '-'} ms (${l.config})`).join(', ')}`,
      );
    }
    if (values.json)
      process.stdout.write(
        `${JSON.stringify({ net, batch: last.batch, threads, instructions: instructions(), fp32: [first, last], fixed, modelled })}\n`,
      );
  }
}

await runProgram(main);
