import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { EXIT, usageError } from '../core/index.ts';
import { type AdaptRequest, type AdaptSummary, adaptDefaults, adaptRun, METHODS } from '../recipes/index.ts';
import { adaptationReport, defaultRunPath, openRunDirectory } from '../report/index.ts';
import { choice, nonNegative, whole } from './flag-values.ts';
import { printer, table } from './output.ts';
import { type CommonFlags, commonFlags, experimentOf, sessionSettings } from './settings.ts';

interface AdaptFlags extends CommonFlags {
  model?: string;
  weights?: string;
  stream?: string[];
  evaluate?: string[];
  source?: string;
  validation?: string;
  generator: string;
  generatorFile?: string;
  head?: string;
  runDir?: string;
  resume?: boolean;
  estimator: 'count' | 'confusion';
  cacheBits: 8 | 32;
  [number: string]: unknown;
}

/** Numbers of a run, by flag: what they set, and its default. */
const NUMBERS = {
  batch: ['records of a training step', adaptDefaults.training.batch],
  perClass: ['draws per class and epoch', adaptDefaults.training.perClass],
  epochs: ['epochs of a head', adaptDefaults.training.epochs],
  rate: ['learning rate of a head', adaptDefaults.training.rate],
  window: ['records of a window', adaptDefaults.watch.window],
  warmup: ['windows of a distribution seen before it is adapted to', adaptDefaults.watch.warmup],
  history: ['windows pooled', adaptDefaults.watch.history],
  threshold: ['a class is met above this many n-ths of n classes', adaptDefaults.watch.threshold],
  leaveAfter: ['windows below that after which a class leaves', adaptDefaults.watch.leaveAfter],
  changeLimit: ['deviate above which the stream changed', adaptDefaults.watch.changeLimit],
  rank: ['directions of a Gaussian', adaptDefaults.fit.rank],
  keep: ['stored features per class; 0: all', adaptDefaults.fit.perClass],
  storedBits: ['bits of a stored feature: 8 or 32', adaptDefaults.fit.bits],
  stopAfter: ['stop after so many windows, to go on with --resume; 0: never', 0],
} as const satisfies Record<string, readonly [string, number]>;

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

const bits = (flag: string) => (text: string) => (choice(flag, ['8', '32'])(text) === '8' ? 8 : 32);

/** Those that need not be whole. */
const REAL: ReadonlySet<string> = new Set(['rate', 'threshold', 'changeLimit']);

function parserOf(name: string): (text: string) => number {
  const flag = `--${kebab(name)}`;
  if (name === 'storedBits') return bits(flag);
  return REAL.has(name) ? nonNegative(flag) : whole(flag);
}

function requestOf(flags: AdaptFlags): AdaptRequest {
  const experiment = experimentOf(flags);
  const model = flags.model ?? experiment.model;
  const weights = flags.weights ?? experiment.weights;
  if (!model) throw usageError({ message: 'no net to adapt', expected: '--model net.prototxt', code: 'no-model' });
  if (!weights)
    throw usageError({ message: 'no weights to adapt', expected: '--weights file.caffemodel', code: 'no-weights' });
  if (flags.resume && !flags.runDir)
    throw usageError({
      message: '--resume needs the run directory',
      expected: '--run-dir <folder>',
      code: 'no-run-directory',
    });
  const n = (name: keyof typeof NUMBERS) => flags[name] as number;
  return {
    model: resolve(model),
    weights: weights.split(','),
    streams: flags.stream ?? [],
    evaluate: flags.evaluate ?? [],
    source: flags.source,
    validation: flags.validation,
    generatorFile: flags.generatorFile,
    generator: flags.generator,
    head: flags.head,
    session: sessionSettings(experiment),
    seed: experiment.seed,
    runDirectory: resolve(flags.runDir ?? defaultRunPath(`adapt-${basename(dirname(resolve(model)))}`)),
    resume: flags.resume === true,
    training: {
      batch: n('batch'),
      perClass: n('perClass'),
      epochs: n('epochs'),
      rate: n('rate'),
      momentum: adaptDefaults.training.momentum,
    },
    watch: {
      ...adaptDefaults.watch,
      window: n('window'),
      warmup: n('warmup'),
      history: n('history'),
      threshold: n('threshold'),
      leaveAfter: n('leaveAfter'),
      changeLimit: n('changeLimit'),
    },
    estimator: flags.estimator,
    fit: {
      rank: n('rank'),
      perClass: n('keep'),
      bits: n('storedBits') as 8 | 32,
      seed: experiment.seed,
    },
    cacheBits: flags.cacheBits,
    sinks: [],
  };
}

const percent = (value: number | undefined) => (value === undefined ? '' : (100 * value).toFixed(1));

function describe(summary: AdaptSummary, line: (text: string) => void): void {
  const methods = METHODS.filter((m) => summary.accuracy[m] !== undefined);
  const rows = summary.segments.map((s, i) => [
    i,
    s.classes.length,
    s.active.length,
    s.missed,
    s.spurious,
    s.adapted_after ?? '-',
    ...methods.map((m) => percent(s.accuracy[m])),
  ]);
  line(table(['stream', 'classes', 'found', 'missed', 'spurious', 'windows', ...methods.map((m) => `${m} %`)], rows));
  const points = (v: number) => `${v >= 0 ? '+' : ''}${(100 * v).toFixed(1)} points`;
  line(
    `generated features: ${points(summary.generated_minus_none)} against no adaptation, ${points(summary.generated_minus_mask)} against masking alone`,
  );
  line(
    `memory of the adaptation ${(summary.memory_bytes / 1e6).toFixed(2)} MB, of retraining the net ${(summary.retraining_bytes / 1e6).toFixed(2)} MB (counted): ${summary.memory_ratio.toFixed(1)} times less`,
  );
  line(
    `backbone ${summary.backbone_unchanged ? 'unchanged' : 'CHANGED'}, SHA-256 ${summary.backbone_sha256.slice(0, 16)}…`,
  );
}

async function run(flags: AdaptFlags): Promise<void> {
  const request = requestOf(flags);
  const out = printer(flags.json === true);
  const resolved = { ...experimentOf(flags), adapt: { ...request, sinks: undefined } };
  const directory = openRunDirectory(request.runDirectory, resolved, process.argv.slice(2));
  const limit = flags['stopAfter'] as number;
  let windows = 0;
  let asked = false;
  const ask = () => {
    asked = true;
  };
  process.on('SIGINT', ask).on('SIGTERM', ask);
  try {
    const { summary, records } = await adaptRun({
      ...request,
      sinks: [...directory.sinks, (event) => event.kind === 'notice' && out.line(event.message)],
      shouldStop: () => asked || (limit > 0 && windows++ >= limit),
    });
    if (!summary) {
      out.line(`stopped after window ${records.length}; go on with --resume --run-dir ${request.runDirectory}`);
      out.result({ stopped: true, windows: records.length, run_directory: request.runDirectory });
      process.exitCode = EXIT.resumable;
      return;
    }
    directory.writeJson('summary.json', summary);
    directory.write('report.html', adaptationReport(summary, records));
    describe(summary, (text) => out.line(text));
    out.line(`report: ${request.runDirectory}/report.html`);
    const flat = Object.fromEntries(
      Object.entries(summary.accuracy).map(([method, value]) => [`accuracy_${method}`, value]),
    );
    out.result({ ...summary, ...flat, run_directory: request.runDirectory });
  } finally {
    process.off('SIGINT', ask).off('SIGTERM', ask);
    directory.close();
  }
}

const collect = (value: string, before: string[] = []) => [...before, value];

/** `crema adapt`: follows the classes a deployed net meets (docs/adaptation.md). */
export function adapt(program: Command): void {
  const command = commonFlags(
    program
      .command('adapt')
      .description('adapt the head of a trained net to the classes its stream shows; the rest stays frozen'),
  )
    .option('--model <file>', 'net prototxt')
    .option('--weights <files>', 'caffemodels of the trained net, comma-separated')
    .option('--stream <source>', 'records that come in, <source>[#first:count]; once for each part', collect)
    .option('--evaluate <source>', 'held-out records to score a part on; once for each --stream', collect)
    .option('--source <source>', "records the net was trained on; default: its TRAIN data layer's")
    .option('--validation <source>', 'records to learn the confusion from; default: the source')
    .option('--generator <kind>', 'gaussian or stored', adaptDefaults.generator)
    .option('--generator-file <file>', 'a generator made before, in place of the source')
    .option('--head <layer>', 'first layer of the head; default: the last InnerProduct')
    .option(
      '--estimator <kind>',
      'count or confusion',
      choice('--estimator', ['count', 'confusion']),
      adaptDefaults.estimator,
    )
    .option('--cache-bits <n>', 'bits of a cached feature: 8 or 32', bits('--cache-bits'), adaptDefaults.cacheBits)
    .option('--run-dir <folder>', 'run directory; default runs/adapt-<name>-<time>')
    .option('--resume', 'go on where the run in --run-dir stopped');
  for (const [name, [text, value]] of Object.entries(NUMBERS))
    command.option(`--${kebab(name)} <n>`, text, parserOf(name), value as number);
  command.action(run);
}
