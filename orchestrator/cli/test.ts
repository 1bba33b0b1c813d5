import type { Command } from 'commander';
import { usageError } from '../core/index.ts';
import { testModel } from '../recipes/index.ts';
import { formatFigure } from '../report/index.ts';
import { compileEarly } from './compile-early.ts';
import { levelNumber, whole } from './flag-values.ts';
import { printer } from './output.ts';
import { type CommonFlags, commonFlags, experimentOf, sessionSettings } from './settings.ts';

interface TestFlags extends CommonFlags {
  model?: string;
  weights?: string;
  iterations: number;
  level: number;
  stage?: string;
}

async function run(flags: TestFlags): Promise<void> {
  compileEarly();
  const experiment = experimentOf(flags);
  const model = flags.model ?? experiment.model;
  const weights = flags.weights ?? experiment.weights;
  if (!model) throw usageError({ message: 'no net to test', expected: '--model net.prototxt', code: 'no-model' });
  if (!weights)
    throw usageError({ message: 'no weights to test with', expected: '--weights file.caffemodel', code: 'no-weights' });
  const out = printer(flags.json === true);
  const result = await testModel({
    model,
    weights: weights.split(','),
    iterations: flags.iterations,
    session: sessionSettings(experiment),
    seed: experiment.seed,
    level: flags.level,
    stages: flags.stage?.split(',') ?? [],
  });
  if (!out.json) {
    out.line(`Loss: ${formatFigure(result.loss)}`);
    for (const o of result.outputs) {
      const weighted =
        o.lossWeight === 0 ? '' : ` (* ${formatFigure(o.lossWeight)} = ${formatFigure(o.lossWeight * o.value)} loss)`;
      out.line(`${o.blob} = ${formatFigure(o.value)}${weighted}`);
    }
  }
  out.result(result);
}

/** `crema test`, Caffe's verb. */
export function test(program: Command): void {
  commonFlags(program.command('test').description('score a trained net'))
    .option('--model <file>', 'net prototxt')
    .option('--weights <files>', 'caffemodels, comma-separated')
    .option('--iterations <n>', 'batches', whole('--iterations', 1), 50)
    .option('--level <n>', 'level of the net state', levelNumber('--level'), 0)
    .option('--stage <names>', 'stages of the net state, comma-separated')
    .action(run);
}
