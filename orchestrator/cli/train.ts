import { basename, dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { CremaError, usageError } from '../core/index.ts';
import { defaultRunPath } from '../report/index.ts';
import { whole } from './flag-values.ts';
import { printer } from './output.ts';
import { type CommonFlags, commonFlags, experimentOf, sessionSettings } from './settings.ts';
import { supervise } from './supervisor.ts';
import { trainInWorker, type WorkerRequest } from './train-worker.ts';

interface TrainFlags extends CommonFlags {
  solver?: string;
  weights?: string;
  snapshot?: string;
  resume?: string;
  runDir?: string;
  maxIter?: number;
  worker?: string;
}

/** All settings are checked here, before a process starts. */
function requestOf(flags: TrainFlags): WorkerRequest {
  const experiment = experimentOf(flags);
  const solver = flags.solver ?? experiment.solver;
  if (!solver) {
    throw usageError({
      message: 'no solver to train with',
      expected: '--solver solver.prototxt, or solver: in experiment.yaml',
      code: 'no-solver',
    });
  }
  if (flags.weights && (flags.snapshot ?? flags.resume)) {
    throw usageError({
      message: '--weights and --snapshot exclude each other',
      expected: 'weights to start from, or a state to continue',
      code: 'weights-and-snapshot',
    });
  }
  if (flags.resume === 'auto' && !flags.runDir) {
    throw usageError({
      message: '--resume auto needs the run directory',
      expected: '--run-dir <folder>',
      code: 'no-run-directory',
    });
  }
  const weights = (flags.weights ?? experiment.weights)?.split(',');
  const name = basename(dirname(resolve(solver)));
  const { precision: _, ...session } = sessionSettings(experiment);
  return {
    experiment,
    solverFile: resolve(solver),
    session,
    runDirectory: resolve(flags.runDir ?? defaultRunPath(name)),
    command: process.argv.slice(2),
    ...(weights && { weights }),
    ...((flags.snapshot ?? flags.resume) && { resume: flags.snapshot ?? flags.resume }),
    ...(flags.maxIter !== undefined && { maxIter: flags.maxIter }),
  };
}

/** The process that trains: tells its supervisor how it ended. */
async function work(request: WorkerRequest): Promise<void> {
  try {
    const { summary, code } = await trainInWorker(request);
    if (process.connected) process.send?.({ kind: 'done', summary });
    process.exitCode = code;
  } catch (error) {
    if (error instanceof CremaError && process.connected) {
      process.send?.({ kind: 'failed', failure: { kind: error.kind, problems: error.problems } });
    }
    throw error;
  }
}

async function run(flags: TrainFlags): Promise<void> {
  if (flags.worker !== undefined) {
    await work(JSON.parse(Buffer.from(flags.worker, 'base64').toString('utf8')) as WorkerRequest);
    return;
  }
  const request = requestOf(flags);
  const { code, summary, failure } = await supervise(request);
  const out = printer(flags.json === true);
  if (failure) out.result({ error: failure });
  if (summary) {
    if (!out.json) {
      const { final_loss: loss, final_accuracy: accuracy } = summary;
      const figures = [
        `${summary.iterations} iterations`,
        ...(loss === null ? [] : [`loss ${loss.toFixed(4)}`]),
        ...(accuracy === null ? [] : [`test accuracy ${(100 * accuracy).toFixed(2)} %`]),
        `${summary.images_per_second.toFixed(0)} images/s on ${summary.device}`,
      ];
      out.line(`${summary.net}: ${figures.join(', ')}`);
      out.line(`run directory: ${request.runDirectory}`);
      out.line(`report: ${request.runDirectory}/report.html`);
    }
    out.result({ ...summary, run_directory: request.runDirectory });
  }
  process.exitCode = code;
}

/** `crema train`, Caffe's verb. */
export function train(program: Command): void {
  commonFlags(
    program.command('train').description('train a net; leaves a run directory with log, metrics, snapshots and report'),
  )
    .option('--solver <file>', 'solver prototxt')
    .option('--weights <files>', 'caffemodels to start from, comma-separated')
    .option('--snapshot <file>', 'solver state to continue from')
    .option('--resume <what>', '`auto`: the newest snapshot of --run-dir; or a solver state')
    .option('--run-dir <folder>', 'run directory; default runs/<name>-<time>')
    .option('--max-iter <n>', 'override max_iter', whole('--max-iter'))
    .option('--worker <request>', 'internal: the process that trains')
    .action(run);
}
