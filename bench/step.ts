// One measured process: training steps of one net. Prints one JSON row. The last arguments are a word length in bits (block floating
// point with delayed exponents; empty: fp32) and a batch other than the file's.

import { compileEarly } from '../orchestrator/cli/compile-early.ts';
import { Profile, Session } from '../orchestrator/executor/index.ts';
import { createParams } from '../orchestrator/net/index.ts';
import { decodePrecision } from '../orchestrator/precision/index.ts';
import { parseSolver } from '../orchestrator/proto/index.ts';
import { fillInputs } from '../orchestrator/recipes/index.ts';
import { checkSolver, Updater } from '../orchestrator/solver/index.ts';
import { netAtBatch } from './nets/load.ts';

const [file = '', device = 'sim', threads = '1', seconds = '3', config = 'f32', word = '', batch = ''] =
  process.argv.slice(2);
const SOLVER = 'base_lr: 0.0001 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 1000000 net: "unused"';

const net = netAtBatch(file, batch === '' ? undefined : Number(batch));
const precision =
  word === ''
    ? undefined
    : decodePrecision({ precision: { policy: 'fixed', ladder: [Number(word)], exponents: 'delayed' }, seed: 1 });
const session = new Session({ device, board: 'u250', config, memory: 'shared', threads: Number(threads), precision });
const params = createParams(net, 1);
const profile = new Profile();
const execution = session.execute(net, params, { observer: profile });
fillInputs(net, execution, 1);
const updater = new Updater(checkSolver(parseSolver(SOLVER, 'bench'), 'bench'), net, params);

let iteration = 0;
let updateMs = 0;
const step = () => {
  execution.forward();
  execution.backward(false);
  execution.collectGradients();
  const updating = performance.now();
  updater.update(1e-4, iteration++);
  updateMs += performance.now() - updating;
  execution.parametersChanged();
};
compileEarly(); // as `crema train` does
const warming = performance.now();
for (let i = 0; i < 2 || (i < 50 && performance.now() - warming < 1000); i++) step();
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
const parts = breakdown();

/** Where a step's time goes, from a few recorded steps. Milliseconds; the card's part is its emulation's own time. */
function breakdown(): Record<string, number> {
  const steps = Math.max(2, Math.min(20, times.length));
  const spent = execution.fixed ? { ...execution.fixed.tensors.spent } : { quantise: 0, dequantise: 0 };
  const busy = session.counters.busyNanoseconds;
  profile.active = true;
  updateMs = 0;
  const start = performance.now();
  for (let i = 0; i < steps; i++) step();
  execution.settle();
  const whole = performance.now() - start;
  profile.active = false;
  const mean = (kind: string) =>
    profile.steps.filter((s) => s.kind === kind).reduce((sum, s) => sum + s.hostMs, 0) / steps;
  const now = execution.fixed?.tensors.spent ?? { quantise: 0, dequantise: 0 };
  const known = {
    card: (session.counters.busyNanoseconds - busy) / 1e6 / steps,
    host_layers: mean('host'),
    reorder: mean('reorder'),
    quantise: (now.quantise - spent.quantise) / steps,
    dequantise: (now.dequantise - spent.dequantise) / steps,
    update: updateMs / steps,
  };
  const rest = whole / steps - Object.values(known).reduce((a, b) => a + b, 0);
  return Object.fromEntries(Object.entries({ ...known, rest }).map(([k, v]) => [k, Number(v.toFixed(3))]));
}
times.sort((a, b) => a - b);
const median = times[Math.floor(times.length / 2)]!;
const row = {
  net: net.name,
  batch: net.batch,
  threads: Number(threads),
  device,
  config: session.manifest?.config ?? 'host',
  word: word === '' ? 32 : Number(word),
  images_per_second: Number(((net.batch * 1000) / median).toFixed(2)),
  best_images_per_second: Number(((net.batch * 1000) / times[0]!).toFixed(2)),
  step_ms: Number(median.toFixed(3)),
  /** Processor time of all threads: what a busy machine does not distort much. */
  cpu_ms: Number(cpuMs.toFixed(3)),
  steps: times.length,
  peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
  memory: execution.memoryBytes(),
  parts_ms: parts,
};
process.stdout.write(`${JSON.stringify(row)}\n`);
execution.close();
session.close();
