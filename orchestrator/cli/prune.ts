import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { usageError } from '../core/index.ts';
import { type CutNet, pruneModel } from '../recipes/index.ts';
import { accuracy, choice, positive, shares, whole, wholeNumber, wholes } from './flag-values.ts';
import { printer, table } from './output.ts';
import { cutSettings, type PruneFlags, percent } from './prune-flags.ts';
import { runProcedure } from './prune-procedure.ts';
import { commonFlags, experimentOf, sessionSettings } from './settings.ts';

function show(cut: CutNet, out: ReturnType<typeof printer>): void {
  out.line(
    table(
      ['layer', 'filters', 'left'],
      cut.layers.map((l) => [l.layer, l.before, l.after]),
    ),
  );
  out.line(`${percent(cut.level.reached)} of ${cut.level.criterion} removed, ${percent(cut.level.asked)} asked`);
  out.line(`${cut.parameters.before} parameters, now ${cut.parameters.after}`);
  if (cut.reason) out.line(`not nearer: ${cut.reason}`);
  for (const { layers, reasons } of cut.staying) out.line(`stays: ${layers.join(', ')}: ${reasons.join('; ')}`);
  for (const [layer, text] of cut.notes) out.line(`note: ${layer} ${text}`);
}

async function run(flags: PruneFlags): Promise<void> {
  const experiment = experimentOf(flags);
  const out = printer(flags.json === true);
  const cut = cutSettings(flags, experiment.board, experiment.config);
  if (flags.search || flags.retrain !== undefined) {
    const procedure = await runProcedure(flags, experiment, cut, out);
    out.result(procedure);
    return;
  }
  const model = flags.model ?? experiment.model;
  if (!model) throw usageError({ message: 'no net to prune', expected: '--model net.prototxt', code: 'no-model' });
  if (flags.level?.length !== 1) {
    const message = flags.level ? `${flags.level.length} levels without --retrain` : 'no level';
    throw usageError({ message, expected: '--level 0.7', code: 'no-level' });
  }
  const weights = (flags.weights ?? experiment.weights)?.split(',') ?? [];
  const result = await pruneModel({
    model: resolve(model),
    weights,
    snapshot: flags.snapshot,
    level: flags.level[0]!,
    cut,
    session: sessionSettings(experiment),
    seed: experiment.seed,
    out: flags.out,
  });
  if (!out.json) show(result, out);
  const file = (ending: string) => (flags.out === undefined ? null : join(flags.out, `net.${ending}`));
  out.result({
    level: result.level,
    reason: result.reason ?? null,
    parameters: result.parameters,
    layers: result.layers.map(({ layer, before, after }) => ({ layer, before, after })),
    staying: result.staying.map(({ layers, reasons }) => ({ layers, reasons })),
    notes: Object.fromEntries(result.notes),
    model: file('prototxt'),
    weights: file('caffemodel'),
    snapshot: flags.snapshot ? file('solverstate') : null,
  });
}

const snap = (text: string) => (text === 'tile' ? text : wholeNumber('--snap', text, 1));
const trunk = choice('--trunk', ['none', '2020', '2021']);
const combine = choice('--combine', ['least', 'mean']);

/** `crema prune`: a smaller net, alone or trained again, or the search for the highest level that keeps the accuracy. */
export function prune(program: Command): void {
  commonFlags(program.command('prune').description('remove filters: a smaller net, trained again or searched for'))
    .option('--model <file>', 'net prototxt')
    .option('--weights <files>', 'caffemodels, comma-separated')
    .option('--snapshot <file>', 'solver state whose history goes along')
    .option(
      '--level <share>',
      'share to remove, 0.7 or 70%; with --retrain several, comma-separated',
      shares('--level'),
    )
    .option('--ranker <name>', 'mean-abs, l2, taylor or random', 'mean-abs')
    .option(
      '--criterion <what>',
      'what the level is a share of: parameters, filters, macs, cycles, memory',
      'parameters',
    )
    .option('--snap <n>', "widths become multiples of n; `tile`: of the engine's array", snap, 1)
    .option('--minimum <n>', 'filters that each layer keeps', whole('--minimum', 1), 2)
    .option('--trunk <rule>', 'least width of residual trunks: none, 2020 or 2021 (as published)', trunk, 'none')
    .option('--combine <how>', 'score of tied filters: least (as published) or mean', combine, 'least')
    .option('--keep <layers>', 'layers that keep their filters: names, types or globs, comma-separated')
    .option('--batches <n>', 'mini-batches for the ranker taylor', whole('--batches', 1), 30)
    .option('--out <folder>', 'writes net.prototxt and net.caffemodel there')
    .option('--solver <file>', 'solver prototxt, for --retrain and --search')
    .option('--retrain <epochs>', 'train again after pruning', whole('--retrain'))
    .option('--rate <lr>', "learning rate of the retraining; default the solver's base_lr", positive('--rate'))
    .option(
      '--drops <epochs>',
      'epochs of the retraining after which the rate is a tenth, comma-separated',
      wholes('--drops'),
    )
    .option('--fine-tune <epochs>', 'epochs on the data before pruning', whole('--fine-tune'), 0)
    .option('--fine-tune-rate <lr>', 'default a tenth of the rate', positive('--fine-tune-rate'))
    .option('--gradual <steps>', 'prune in steps, trained again after each', whole('--gradual', 1))
    .option('--search', 'the highest level of 5, 10 … 95 % that keeps the validation accuracy (DaPR)')
    .option('--target <accuracy>', 'accuracy to keep, 0 to 1; default that of the untouched net', accuracy('--target'))
    .option('--rounds <n>', 'ends the search after that many levels', whole('--rounds', 1))
    .option('--classes <list>', 'only these classes of the data: 0-3,8, or names of --groups')
    .option('--groups <file>', 'names of class lists: lines of `name: 0-4,17`')
    .option('--validation <source>', 'data for decisions; default every fifth record of the training data')
    .option('--run-dir <folder>', 'checkpoints and decisions; the same folder goes on where it was left')
    .action(run);
}
