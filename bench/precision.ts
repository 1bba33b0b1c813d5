// `npm run bench -- precision [--threads N] [--net name] [--batch N] [--words 8,16] [--seconds S] [--json]`: a training step in block floating
// point against our own fp32 step, in turn in processes of their own; where its time goes; and what boards are modelled to take.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { childExecArgv, programFile } from '../orchestrator/core/index.ts';
import { Session } from '../orchestrator/executor/index.ts';
import { manifestConfigs } from '../orchestrator/kernels/index.ts';
import { decodePrecision } from '../orchestrator/precision/index.ts';
import { planLevels } from '../orchestrator/recipes/index.ts';
import { netAtBatch, netFile } from './nets/load.ts';

interface Row {
  batch: number;
  word: number;
  config: string;
  step_ms: number;
  cpu_ms: number;
  images_per_second: number;
  parts_ms: Record<string, number>;
}

const args = process.argv.slice(3);
const value = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const json = args.includes('--json');
const threads = value('--threads') ?? '1';
const seconds = value('--seconds') ?? '5';
const nets = value('--net')?.split(',') ?? ['cifar10-quick', 'caffenet'];
const words = (value('--words') ?? '8,16').split(',');
/** CaffeNet's solver trains at 256; the update and the weights' boundary, the same at any batch, weigh about as little at 64. */
const batches: Record<string, number> = { caffenet: 64 };
const batchOf = (net: string) => (value('--batch') ? Number(value('--batch')) : batches[net]);
const say = (text: string) => {
  if (!json) process.stdout.write(`${text}\n`);
};

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

function measure(net: string, word: string): Row {
  const command = [...childExecArgv, programFile('bench/step'), netFile(net), 'sim', threads, seconds, 'f32', word];
  const batch = batchOf(net);
  if (batch !== undefined) command.push(String(batch));
  const done = spawnSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (done.status !== 0) process.exit(done.status ?? 70);
  return JSON.parse(done.stdout.trim().split('\n').at(-1)!) as Row;
}

const percent = (part: number, whole: number) => `${((100 * part) / whole).toFixed(1)} %`;
say(`${threads} thread(s), ${instructions()}`);
for (const net of nets) {
  // fp32 before and after: what differs between them is the machine.
  const first = measure(net, '');
  const fixed = words.map((word) => measure(net, word));
  const last = measure(net, '');
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
  const modelled = boards(net);
  for (const { board, levels } of modelled) {
    say(
      `  ${board}, modelled, the card's part of a step: ${levels.map((l) => `${l.level} ${l.milliseconds?.toFixed(1) ?? '-'} ms (${l.config})`).join(', ')}`,
    );
  }
  if (json)
    process.stdout.write(
      `${JSON.stringify({ net, batch: last.batch, threads: Number(threads), instructions: instructions(), fp32: [first, last], fixed, modelled })}\n`,
    );
}

/** The same step on board files at each precision: modelled. */
function boards(net: string) {
  const graph = netAtBatch(netFile(net), batchOf(net));
  return ['u250', 'pynq-z2'].flatMap((board) => {
    if (!manifestConfigs(board).includes('i8')) return [];
    const precision = decodePrecision({ precision: { policy: 'muppet', ladder: [8, 12, 16, 'fp32'] }, seed: 1 })!;
    const session = new Session({ device: 'sim', board, config: 'f32', precision });
    return [{ board, levels: planLevels(graph, session, precision.ladder) }];
  });
}
