// `npm run bench -- precision [...]`: bench/precision.ts. Otherwise
// `npm run bench -- [--threads N] [--device sim|host] [--net name] [--seconds S] [--json]`: training images/s, one process per cell.
import { cpus } from 'node:os';
import { join } from 'node:path';
import { wholeNumber } from '../orchestrator/cli/flag-values.ts';
import { packageRoot, usageError } from '../orchestrator/core/index.ts';
import { readOptions, runProgram } from './options.ts';
import { stepInProcess } from './step-process.ts';

interface Row {
  net: string;
  batch: number;
  threads: number;
  images_per_second: number;
  step_ms: number;
  peak_rss_mb: number;
}

/** Training images/s of BVLC Caffe and PyTorch (channels-last) on one AVX-512 core of another machine, for orientation. */
const PEERS: Record<string, readonly [caffe: number, torch: number]> = {
  lenet: [3741, 6445],
  'cifar10-quick': [721, 2362],
  resnet20: [149, 384],
  caffenet: [18.1, 17.7],
  resnet18: [7.5, 12.5],
};

function print(net: string, { batch, threads, images_per_second, step_ms, peak_rss_mb }: Row): void {
  const [caffe, torch] = PEERS[net]!;
  process.stdout.write(
    `${net.padEnd(14)} batch ${String(batch).padStart(3)}  ${threads} thread(s)  ${images_per_second.toFixed(1).padStart(8)} images/s  ` +
      `${step_ms.toFixed(2).padStart(9)} ms  ${peak_rss_mb} MB  (Caffe ${caffe}, PyTorch ${torch} on an AVX-512 core)\n`,
  );
}

function main(): void {
  const values = readOptions(
    'npm run bench --',
    'training images/s, one process per cell (`precision` first: bits against fp32)',
    {
      threads: { type: 'string', about: '<n> CPU threads; 1 and 2 where absent' },
      device: { type: 'string', default: 'sim', about: '<sim|host>' },
      net: { type: 'string', about: `<name> one of ${Object.keys(PEERS).join(', ')}; all where absent` },
      'kernel-config': { type: 'string', default: 'f32', about: '<config> of the card' },
      seconds: { type: 'string', default: '3', about: '<n> seconds for each cell' },
      json: { type: 'boolean', default: false, about: 'one JSON object a row' },
    },
  );
  const { device, seconds, 'kernel-config': config } = values;
  wholeNumber('--seconds', seconds, 1);
  const threads = values.threads
    ? [wholeNumber('--threads', values.threads, 1)]
    : [1, ...(cpus().length > 1 ? [2] : [])];
  if (values.net && !Object.hasOwn(PEERS, values.net)) {
    throw usageError({ message: `--net ${values.net}`, expected: Object.keys(PEERS).join(', '), code: 'unknown-net' });
  }
  for (const net of values.net ? [values.net] : Object.keys(PEERS)) {
    const file = join(packageRoot(), 'bench', 'nets', `${net}.prototxt`);
    for (const count of threads) {
      const row = stepInProcess<Row>([file, device, String(count), seconds, config]);
      if (values.json) process.stdout.write(`${JSON.stringify(row)}\n`);
      else print(net, row);
    }
  }
}

if (process.argv[2] === 'precision') await import('./precision.ts');
else await runProgram(main);
