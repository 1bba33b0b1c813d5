// `npm run golden -- --golden DIR [--device host|sim] [--iterations N] [--source lmdb|hdf5] [--json]`: follows a recorded run.
import { wholeNumber } from '../orchestrator/cli/flag-values.ts';
import { CremaError } from '../orchestrator/core/index.ts';
import { compareRun, followRun, readRun, type Source } from './golden/lenet-run.ts';
import { readOptions, runProgram } from './options.ts';

/** Bars of the recorded run: two correct float32 programs may differ by that much (its README). */
const BARS = { first: 1e-5, later: 0.01, rate: 1e-6, accuracy: 0.01 } as const;

const usage = (message: string, expected: string) => new CremaError('usage', { message, expected });

async function main(): Promise<void> {
  const values = readOptions('npm run golden --', 'follows a recorded run of Caffe', {
    golden: { type: 'string', about: '<folder> of the recorded run' },
    device: { type: 'string', multiple: true, about: '<device> may come again; host and sim where absent' },
    source: { type: 'string', multiple: true, about: '<lmdb|hdf5> may come again; both where absent' },
    iterations: { type: 'string', default: '300', about: '<n> iterations' },
    config: { type: 'string', default: 'f32', about: '<config> of the card' },
    memory: { type: 'string', default: 'strict', about: '<strict|shared> memory of the card' },
    threads: { type: 'string', default: '2', about: '<n> CPU threads' },
    json: { type: 'boolean', default: false, about: 'one JSON object' },
  });
  if (!values.golden) throw usage('no folder', '--golden DIR');
  const run = readRun(values.golden);
  const iterations = Math.min(wholeNumber('--iterations', values.iterations, 1), run.iterations);
  const line = values.json ? console.error : console.log;
  const rows = [];
  for (const device of values.device ?? ['host', 'sim']) {
    for (const source of (values.source ?? ['lmdb', 'hdf5']) as Source[]) {
      const memory = values.memory === 'shared' ? 'shared' : 'strict';
      const session = {
        device,
        board: 'u250',
        config: values.config,
        memory,
        threads: wholeNumber('--threads', values.threads, 1),
      } as const;
      const began = performance.now();
      const followed = await followRun({ folder: values.golden, source, session, iterations, test: true });
      const seconds = (performance.now() - began) / 1000;
      const differences = compareRun(followed, run);
      const recorded = run.test[String(iterations)]?.accuracy;
      const accuracy = followed.accuracy ?? Number.NaN;
      const passed =
        differences.first <= BARS.first &&
        differences.later <= BARS.later &&
        differences.rate <= BARS.rate &&
        (recorded === undefined || Math.abs(accuracy - recorded) <= BARS.accuracy);
      rows.push({
        device,
        source,
        iterations,
        ...differences,
        accuracy,
        recorded_accuracy: recorded ?? null,
        seconds,
        passed,
      });
      line(
        `${passed ? 'passed' : 'FAILED'} ${device.padEnd(4)} ${source}: ${iterations} iterations in ${seconds.toFixed(1)} s; ` +
          `first 50 losses within ${differences.first.toExponential(1)} (${BARS.first}), ` +
          `20-iteration means within ${differences.later.toExponential(1)} (${BARS.later}), ` +
          `accuracy ${accuracy.toFixed(3)}${recorded === undefined ? '' : ` (${recorded} ± ${BARS.accuracy})`}`,
      );
    }
  }
  const failed = rows.filter((row) => !row.passed).length;
  if (values.json) console.log(JSON.stringify({ runs: rows, passed: failed === 0 }));
  else console.log(`${rows.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await runProgram(main);
