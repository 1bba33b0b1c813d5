// `npm run big-nets -- --corpus DIR [--net NAME] [--batch 1|2] [--json]`: published networks, one iteration on the host and on
// the emulated card; outputs and gradients compared, memory planned and used. Every measured run is a process of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wholeNumber } from '../orchestrator/cli/flag-values.ts';
import { CremaError, childExecArgv, programFile } from '../orchestrator/core/index.ts';
import { chooseNets } from './big-nets/choose.ts';
import { compareResults, type Difference, sameBytes } from './big-nets/compare.ts';
import type { Row } from './big-nets/run.ts';
import { readOptions, runProgram } from './options.ts';

/** Largest relative difference between host and card, and between planned and used memory, that passes. */
const AGREES = 1e-4;
const PLANNED = 0.02;
/** A net that makes more than that of one rounding of its images may differ this many times as much. */
const CONDITION = 4;

interface Runs {
  readonly host: Row;
  readonly card: Row;
  /** Every blob keeps its memory. */
  readonly hostKept: Row;
  readonly cardKept: Row;
  /** Host against card. Gradients are compared end to end here, and layer by layer in `cardKept.perLayer`. */
  readonly worst: Difference['worst'];
  /** Host against host with images moved by one rounding: what of `worst` is the net's own doing (BatchNorm over few values, kinks). */
  readonly nudged: Difference['worst'];
  /** Reuse of memory must not change a bit, on the host and on the card. */
  readonly reuse: boolean;
  readonly passed: boolean;
}

/** Where the networks are, and with how many images they run. */
interface Source {
  readonly corpus: string;
  readonly batch: number;
}

const total = (m: Row['used']) => m.blobs + m.parameters + m.layers;
const off = (row: Row) => Math.abs(total(row.planned) / total(row.used) - 1);
const mega = (bytes: number) => (bytes / 1e6).toFixed(1);

function measure(
  { corpus, batch }: Source,
  net: string,
  device: string,
  results: string,
  ...more: ('--keep' | '--nudge')[]
): Row {
  const args = [
    programFile('bench/big-nets/run'),
    '--corpus',
    corpus,
    '--net',
    net,
    '--batch',
    String(batch),
    '--device',
    device,
  ];
  const flags = [...childExecArgv, ...args, '--results', results, ...more];
  const done = spawnSync(process.execPath, flags, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  if (done.status !== 0) {
    const how = done.signal ?? `status ${done.status}`;
    throw new CremaError('internal', { message: `${net} on ${device} ended with ${how}`, code: 'child-failed' });
  }
  return JSON.parse(done.stdout.trim().split('\n').at(-1)!) as Row;
}

function run(source: Source, net: string, folder: string): Runs {
  const file = (name: string) => join(folder, name);
  const host = measure(source, net, 'host', file('host'));
  const hostKept = measure(source, net, 'host', file('host kept'), '--keep');
  const card = measure(source, net, 'sim', file('card'));
  const cardKept = measure(source, net, 'sim', file('card kept'), '--keep');
  const hostAndCard = compareResults(file('host'), file('card'), host.results);
  measure(source, net, 'host', file('nudged'), '--keep', '--nudge');
  const activations = (name: string) =>
    compareResults(file('host kept.activations'), file(`${name}.activations`), hostKept.activations).worst.activation;
  const worst = { ...hostAndCard.worst, activation: activations('card kept') };
  const nudged = {
    ...compareResults(file('host'), file('nudged'), host.results).worst,
    activation: activations('nudged'),
  };
  const reuse = ['host', 'card'].every((d) => sameBytes(file(d), file(`${d} kept`)));
  const agrees =
    worst.output.error <= AGREES &&
    worst.activation.error <= Math.max(AGREES, CONDITION * nudged.activation.error) &&
    (cardKept.perLayer?.worst ?? 0) <= AGREES;
  const passed = agrees && reuse && [host, hostKept, card, cardKept].every((row) => off(row) <= PLANNED);
  return { host, hostKept, card, cardKept, worst, nudged, reuse, passed };
}

function print(r: Runs): void {
  const { host, card, worst } = r;
  console.log(
    `${card.net}, ${card.training ? 'one training iteration' : 'one inference'}, batch ${card.batch}: ${r.passed ? 'passed' : 'FAILED'} (${card.file})`,
  );
  console.log(
    `  ${card.onCard} layers on the card, ${card.onHost} on the host, ${(card.macs / 1e9).toFixed(2)} GMAC forward (${((100 * card.cardMacs) / card.macs).toFixed(1)} % on the card), ${card.launches} launches, ${card.lanes} lanes`,
  );
  const figure = (value: number, where: string) => `${value.toExponential(1)}${where && ` (${where})`}`;
  const line = (w: Difference['worst'], layers: Row['perLayer']) => {
    const parts = [
      `outputs ${figure(w.output.error, w.output.name)}`,
      `activations ${figure(w.activation.error, w.activation.name)}`,
    ];
    if (layers) parts.push(`weight gradients layer by layer ${figure(layers.worst, layers.layer)}`);
    if (card.training) parts.push(`end to end ${figure(w.gradient.error, w.gradient.name)}`);
    return parts.join(', ');
  };
  console.log(`  host and card, |a - b| / max |a|: ${line(worst, r.cardKept.perLayer)}`);
  console.log(`  one rounding of the images makes: ${line(r.nudged, undefined)}`);
  console.log(`  reuse of memory changes ${r.reuse ? 'no bit' : 'RESULTS'}`);
  for (const [what, row] of [
    ['host', r.host],
    ['host, all kept', r.hostKept],
    ['card', r.card],
    ['card, all kept', r.cardKept],
  ] as const) {
    const { planned, used } = row;
    console.log(
      `  ${what.padEnd(15)}planned ${mega(total(planned))} MB (blobs ${mega(planned.blobs)}, parameters ${mega(planned.parameters)}, layers ${mega(planned.layers)}), used ${mega(total(used))} (${(100 * off(row)).toFixed(2)} % off), peak RSS ${mega(row.peakRss)} (${mega(row.baseRss)} before), forward ${row.ms.forward.toFixed(0)} ms, backward ${row.ms.backward.toFixed(0)} ms`,
    );
  }
  console.log(
    `  activations: ${(100 * (1 - host.planned.blobs / r.hostKept.planned.blobs)).toFixed(1)} % less than with all kept`,
  );
}

function main(): void {
  const values = readOptions(
    'npm run big-nets --',
    'published networks: one iteration on the host and on the emulated card',
    {
      corpus: { type: 'string', about: '<folder> of published prototxt files' },
      net: { type: 'string', about: '<name> of one network; all where absent' },
      batch: { type: 'string', default: '1', about: '<n> images' },
      json: { type: 'boolean', default: false, about: 'one JSON object for each network' },
    },
  );
  if (!values.corpus) throw new CremaError('usage', { message: 'no corpus', expected: '--corpus DIR' });
  const source = { corpus: values.corpus, batch: wholeNumber('--batch', values.batch, 1) };
  const folder = mkdtempSync(join(tmpdir(), 'crema-big-nets-'));
  let failed = 0;
  try {
    for (const { name } of chooseNets(values.corpus, values.net)) {
      const result = run(source, name, folder);
      if (!result.passed) failed++;
      if (values.json) {
        console.log(
          JSON.stringify(result, (key, value) => (key === 'results' || key === 'activations' ? undefined : value)),
        );
      } else print(result);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

await runProgram(main);
