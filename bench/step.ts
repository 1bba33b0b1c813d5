// One measured process: training steps of one net. Prints one JSON row.

import { Session } from '../orchestrator/executor/index.ts';
import { createParams } from '../orchestrator/net/index.ts';
import { parseSolver } from '../orchestrator/proto/index.ts';
import { fillInputs, loadNet } from '../orchestrator/recipes/index.ts';
import { checkSolver, Updater } from '../orchestrator/solver/index.ts';

const [file = '', device = 'sim', threads = '1', seconds = '3', config = 'f32'] = process.argv.slice(2);
const SOLVER = 'base_lr: 0.0001 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 1000000 net: "unused"';

const net = loadNet(file, { phase: 'TRAIN', seed: 1 });
const session = new Session({ device, board: 'u250', config, memory: 'shared', threads: Number(threads) });
const params = createParams(net, 1);
const execution = session.execute(net, params);
fillInputs(net, execution, 1);
const updater = new Updater(checkSolver(parseSolver(SOLVER, 'bench'), 'bench'), net, params);

let iteration = 0;
const step = () => {
  execution.forward();
  execution.backward(false);
  execution.collectGradients();
  updater.update(1e-4, iteration++);
  execution.parametersChanged();
};
for (let i = 0; i < 2; i++) step();
// Medians over at least 5 steps and `seconds` of time, as the peers were measured.
const times: number[] = [];
const begin = performance.now();
const cpuBegin = process.cpuUsage();
while (times.length < 5 || performance.now() - begin < Number(seconds) * 1000) {
  const start = performance.now();
  step();
  times.push(performance.now() - start);
}
const cpu = process.cpuUsage(cpuBegin);
const cpuMs = (cpu.user + cpu.system) / 1000 / times.length;
times.sort((a, b) => a - b);
const median = times[Math.floor(times.length / 2)]!;
const row = {
  net: net.name,
  batch: net.batch,
  threads: Number(threads),
  device,
  config,
  images_per_second: Number(((net.batch * 1000) / median).toFixed(2)),
  best_images_per_second: Number(((net.batch * 1000) / times[0]!).toFixed(2)),
  step_ms: Number(median.toFixed(3)),
  /** Processor time of all threads: what a busy machine does not distort much. */
  cpu_ms: Number(cpuMs.toFixed(3)),
  steps: times.length,
  peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  memory: execution.memoryBytes(),
};
process.stdout.write(`${JSON.stringify(row)}\n`);
execution.close();
session.close();
