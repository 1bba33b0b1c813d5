// `npm run bench -- precision [...]`: bench/precision.ts. Otherwise
// `npm run bench -- [--threads N] [--device sim|host] [--net name] [--seconds S] [--json]`: training images/s, one process per cell.
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { childExecArgv, packageRoot, programFile } from '../orchestrator/core/index.ts';

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

const args = process.argv.slice(2);
if (args[0] === 'precision') {
  await import('./precision.ts');
  process.exit(process.exitCode ?? 0);
}
const value = (name: string) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const json = args.includes('--json');
const device = value('--device') ?? 'sim';
const config = value('--kernel-config') ?? 'f32';
const seconds = value('--seconds') ?? '3';
const threads = value('--threads') ? [Number(value('--threads'))] : [1, ...(cpus().length > 1 ? [2] : [])];
const nets = value('--net') ? [value('--net')!] : Object.keys(PEERS);

const rows: Row[] = [];
for (const net of nets) {
  for (const count of threads) {
    const file = join(packageRoot(), 'bench', 'nets', `${net}.prototxt`);
    const done = spawnSync(
      process.execPath,
      [...childExecArgv, programFile('bench/step'), file, device, String(count), seconds, config],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    if (done.status !== 0) process.exit(done.status ?? 70);
    const row = JSON.parse(done.stdout.trim().split('\n').at(-1)!) as Row;
    rows.push(row);
    if (json) process.stdout.write(`${JSON.stringify(row)}\n`);
    else {
      const [caffe, torch] = PEERS[net] ?? [Number.NaN, Number.NaN];
      const peers = Number.isNaN(caffe) ? '' : `  (Caffe ${caffe}, PyTorch ${torch} on an AVX-512 core)`;
      process.stdout.write(
        `${net.padEnd(14)} batch ${String(row.batch).padStart(3)}  ${count} thread(s)  ${row.images_per_second.toFixed(1).padStart(8)} images/s  ${row.step_ms.toFixed(2).padStart(9)} ms  ${row.peak_rss_mb} MB${peers}\n`,
      );
    }
  }
}
