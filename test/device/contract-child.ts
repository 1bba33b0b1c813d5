/** The device contract, run in a process of its own: `contract-child.ts DEVICE IMAGE`. Prints one JSON object: what held, what did not. */
import { readFileSync } from 'node:fs';
import { Tensor } from '../../orchestrator/blob/index.ts';
import { CremaError } from '../../orchestrator/core/index.ts';
import { type Command, type Device, openDevice } from '../../orchestrator/device/index.ts';
import { native } from '../../orchestrator/native/index.ts';
import { DEMO_SOURCE } from './demo.ts';

const [device = 'sim', file = ''] = process.argv.slice(2);
/** AMD's noop mode completes launches without running them. */
const computes = device !== 'xrt';
const image = file
  ? ({ kind: 'xclbin', file, bytes: readFileSync(file) } as const)
  : ({ kind: 'source', text: DEMO_SOURCE } as const);
const outcome: Record<string, string> = {};

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

function step(name: string, body: () => void): void {
  try {
    body();
    outcome[name] = 'ok';
  } catch (error) {
    outcome[name] = error instanceof Error ? error.message : String(error);
  }
}

function refusal(body: () => unknown): CremaError {
  try {
    body();
  } catch (error) {
    if (error instanceof CremaError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function ops(...lists: [factor: number, count: number, offset: number][]): Uint8Array {
  const words = new Uint32Array(64 * lists.length);
  lists.forEach((list, i) => {
    words.set(list, 64 * i);
  });
  return new Uint8Array(words.buffer);
}

const N = 5000;
const card: Device = openDevice({ device, image, abi: 1, deadline: 20 });
const tensors = ['a', 'b', 'c', 'bias'].map((name) => new Tensor(name, name === 'bias' ? 1 : N));
const [a, b, c, bias] = tensors as [Tensor, Tensor, Tensor, Tensor];
a.host.forEach((_, i) => {
  a.host[i] = i;
  b.host[i] = 2 * i;
});
bias.host[0] = 0.5;
const [da, db, dc, dbias] = tensors.map((tensor, i) => card.allocate(tensor, i)) as [
  ReturnType<Device['allocate']>,
  ReturnType<Device['allocate']>,
  ReturnType<Device['allocate']>,
  ReturnType<Device['allocate']>,
];
const operands = [da, db, dc, dbias];

step('buffers start on a page and end with a word', () => {
  for (const buffer of operands) {
    expect(native().address(buffer.tensor.host) % 4096n === 0n, `${buffer.tensor.name} is not aligned`);
    expect(buffer.bytes % 64 === 0, `${buffer.bytes} bytes`);
  }
});

step('a launch between transfers, ordered by events only', () => {
  const up = card.toDevice([da, db, dbias]);
  const launch = card.launch({ label: 'first', operands, descriptors: ops([3, 4000, 0], [4, 1000, 4000]) }, [up]);
  const down = card.fromDevice([dc], [launch]);
  card.wait([down, launch, up]);
  for (const { times: t } of [down, launch, up])
    expect(t !== undefined && t.start <= t.end && t.queued <= t.end, JSON.stringify(t));
  if (!computes) return;
  expect(c.host[10] === 50.5 && c.host[4999] === 4999 * 6 + 0.5, `c is ${c.host[10]}, ${c.host[4999]}`);
});

step('a chain of launches keeps its order', () => {
  // c = a + b + bias, then c = c·2 + b + bias, and again: what an out-of-order queue would mix up.
  c.host.fill(0);
  const up = card.toDevice([dc]);
  let last: Command = card.launch({ label: 'chain', operands, descriptors: ops([1, N, 0]) }, [up]);
  for (let i = 0; i < 6; i++) {
    last = card.launch({ label: 'chain 2', operands: [dc, db, dc, dbias], descriptors: ops([2, N, 0]) }, [last]);
  }
  card.wait([card.fromDevice([dc], [last])]);
  if (!computes) return;
  let want = 3 * 7 + 0.5;
  for (let i = 0; i < 6; i++) want = 2 * want + 14 + 0.5;
  expect(c.host[7] === want, `c[7] is ${c.host[7]}, not ${want}`);
});

step('a list longer than any before, part of it submitted', () => {
  const launches: Command[] = [];
  let last = card.toDevice([da]);
  for (let i = 0; i < 150; i++) {
    last = card.launch({ label: 'long', operands, descriptors: ops([1, N, 0]) }, [last]);
    launches.push(last);
    if (i === 100) card.submit();
  }
  card.wait([last]);
  expect(last.done, 'the last is not done');
  card.wait(launches);
  const ends = launches.map(({ times }) => times!.end);
  expect(
    launches.every((launch) => launch.done) && ends.every((end, i) => i === 0 || end >= ends[i - 1]!),
    'not in order',
  );
});

step('counters; descriptors go to the device once', () => {
  const request = { label: 'steady', operands, descriptors: ops([3, N, 0]) };
  card.wait([card.launch(request)]);
  const before = { ...card.counters };
  for (let i = 0; i < 20; i++) card.wait([card.launch(request)]);
  expect(card.counters.launches === before.launches + 20, 'launches');
  expect(card.counters.bytesToDevice === before.bytesToDevice, 'a steady launch uploaded something');
  if (computes) expect(card.counters.busyNanoseconds > before.busyNanoseconds, 'busy time did not grow');
});

step('descriptors that change every time', () => {
  for (let i = 1; i <= 12; i++) {
    const launch = card.launch({ label: 'changing', operands, descriptors: ops([i, N, 0]) });
    card.wait([card.fromDevice([dc], [launch])]);
    if (computes) expect(c.host[3] === 3 * i + 6 + 0.5, `launch ${i} gave ${c.host[3]}`);
  }
});

step('unused operands and every compute unit', () => {
  for (let unit = 0; unit < card.computeUnits; unit++) {
    const request = { label: 'unit', computeUnit: unit, operands: [da, db, dc], descriptors: ops([5, 0, 0]) };
    card.wait([card.launch(request)]);
  }
  const bad = refusal(() =>
    card.launch({ label: 'unit', computeUnit: card.computeUnits, operands, descriptors: ops([1, 1, 0]) }),
  );
  expect(bad.problems[0]?.code === 'no-compute-unit', bad.message);
});

step('release waits for the commands that use a buffer', () => {
  const tensor = new Tensor('short-lived', N);
  const buffer = card.allocate(tensor, 0);
  const up = card.toDevice([buffer]);
  card.release(buffer);
  card.wait([up]);
  let refused = false;
  try {
    card.toDevice([buffer]);
  } catch {
    refused = true;
  }
  expect(refused, 'a released buffer was accepted');
});

step('empty transfers are markers', () => {
  const up = card.toDevice([da]);
  card.wait([card.toDevice([], [up]), card.fromDevice([])]);
});

step('memory does not grow over 1500 launches', () => {
  const request = { label: 'steady', operands, descriptors: ops([3, 64, 0]) };
  for (let i = 0; i < 200; i++) card.wait([card.launch(request)]);
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 1500; i++) card.wait([card.launch(request)]);
  const grown = (process.memoryUsage().rss - before) / 1e6;
  expect(grown < 30, `${grown.toFixed(0)} MB more`);
});

if (file) {
  step('the code and its name where the runtime refuses', () => {
    const error = refusal(() => openDevice({ device, image, kernel: 'no_such_kernel' }));
    expect(error.kind === 'device' && error.problems[0]?.code === 'no-kernel', error.message);
    expect(error.message.includes('crema_engine:crema_engine_1'), error.message);
  });
  step('a truncated xclbin', () => {
    const bytes = image.kind === 'xclbin' ? image.bytes.subarray(0, 9000) : new Uint8Array();
    const error = refusal(() => openDevice({ device, image: { kind: 'xclbin', file, bytes } }));
    expect(error.kind === 'input' && /truncated/.test(error.message), error.message);
  });
}

const started = performance.now();
const request = { label: 'steady', operands, descriptors: ops([3, 64, 0]) };
for (let i = 0; i < 1000; i++) card.wait([card.launch(request)]);
const microseconds = performance.now() - started; // milliseconds for 1000
step('closes twice', () => {
  card.close();
  card.close();
});
const result = { name: card.name, ffi: native().name, computeUnits: card.computeUnits, microseconds };
process.stdout.write(`${JSON.stringify({ ...result, outcome })}\n`);
