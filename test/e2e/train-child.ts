/** Trains an example in this process: `train-child.ts SESSION ITERATIONS [SOLVER]`. Prints losses with all digits and a digest of parameters and history. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Session, type SessionSettings } from '../../orchestrator/executor/index.ts';
import { native } from '../../orchestrator/native/index.ts';
import { parseSolver } from '../../orchestrator/proto/index.ts';
import { checkSolver, Solver } from '../../orchestrator/solver/index.ts';

const [session = '{}', iterations = '12', file = 'examples/mnist-lenet/solver.prototxt'] = process.argv.slice(2);

const card = new Session(JSON.parse(session) as SessionSettings);
const settings = checkSolver(parseSolver(readFileSync(file), file), file);
Object.assign(settings.param, { test_interval: 0, test_iter: [], display: 0, snapshot: 0 });
const losses: number[] = [];
const solver = await Solver.create({
  settings,
  seed: 1,
  execute: (net, params) => card.execute(net, params),
  sinks: [(event) => void (event.kind === 'train' && losses.push(event.loss))],
});
await solver.step(Number(iterations));
const hash = createHash('sha256');
for (const { data } of [...solver.train.params.blobs, ...solver.history]) {
  hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
const launches = card.device?.counters.launches ?? 0;
console.log(JSON.stringify({ losses, digest: hash.digest('hex'), launches, ffi: native().name }));
solver.close();
card.close();
