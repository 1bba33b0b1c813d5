/** One session with a fault or a bad request on the emulated card, in a process of its own: `fault-child.ts SCENARIO,… XCLBIN OTHER`. Prints a line for each. */
import { readFileSync } from 'node:fs';
import { Tensor } from '../../orchestrator/blob/index.ts';
import { CremaError } from '../../orchestrator/core/index.ts';
import { type Command, type Device, type DeviceBuffer, openDevice } from '../../orchestrator/device/index.ts';
import { Residency } from '../../orchestrator/executor/residency.ts';

const [scenario = '', file = ''] = process.argv.slice(2);
const cards: Device[] = [];

function open(name = file, extra = {}): Device {
  const image = { kind: 'xclbin', file: name, bytes: readFileSync(name) } as const;
  const card = openDevice({ device: 'sim', image, ...extra });
  cards.push(card);
  return card;
}

function launches(card: Device, count: number): void {
  const operands = ['a', 'b', 'c', 'bias'].map((name, i) => card.allocate(new Tensor(name, 1024), i));
  let last = card.toDevice(operands);
  for (let i = 1; i <= count; i++) {
    const descriptors = new Uint8Array(256);
    last = card.launch({ label: `launch ${i}`, operands, descriptors }, [last]);
  }
  card.wait([card.fromDevice([operands[2]!], [last])]);
}

/** c lies in the bank of another argument, so the runtime refuses the launch when the list is handed over. Returns the download behind it. */
function misplaced(card: Device): Command {
  const operands = ['a', 'b', 'c', 'bias'].map((name, i) => card.allocate(new Tensor(name, 1024), i === 2 ? 0 : i));
  const up = card.toDevice(operands.slice(0, 2));
  const launch = card.launch({ label: 'conv1', operands, descriptors: new Uint8Array(256) }, [up]);
  return card.fromDevice([operands[2]!], [launch]);
}

function submitRefused(card: Device): void {
  try {
    card.submit();
  } catch (error) {
    if (error instanceof CremaError) return;
    throw error;
  }
  throw new Error('nothing was refused');
}

const scenarios: Record<string, () => void> = {
  hang: () => {
    const card = open(file, { deadline: 0.3 });
    try {
      launches(card, 3);
    } finally {
      card.close(); // must not block
    }
  },
  error: () => launches(open(), 4),
  /** The launch's failure is seen by one who waits for it; whoever needs its result later must be told too. */
  seen: () => {
    const card = open();
    const residency = new Residency(card);
    const operands = ['a', 'b', 'c', 'bias'].map((name, argument) => ({ tensor: new Tensor(name, 1024), argument }));
    const [reads, writes] = [residency.bind(operands.slice(0, 2)), residency.bind(operands.slice(2))];
    const buffers: (DeviceBuffer | undefined)[] = [];
    const after: Command[] = [];
    residency.forKernel(reads, writes, false, buffers, after);
    const launch = card.launch({ label: 'launch 1', operands: buffers, descriptors: new Uint8Array(256) }, after);
    residency.launched([launch], reads, writes);
    try {
      card.wait([launch]);
    } catch {
      residency.hostRead(residency.of([operands[2]!.tensor]));
    }
  },
  healthy: () => launches(open(), 4),
  refused: () => {
    const card = open();
    misplaced(card);
    card.submit();
  },
  behind: () => {
    const card = open();
    const download = misplaced(card);
    submitRefused(card);
    if (download.done) throw new Error('what was never begun is done');
    card.wait([download]);
  },
  recovered: () => {
    const card = open();
    misplaced(card);
    submitRefused(card);
    launches(card, 4);
  },
  'bank-full': () => {
    const card = open();
    card.allocate(new Tensor('small', 1000), 0);
    card.allocate(new Tensor('conv1.data', 2 ** 20), 0);
  },
  freed: () => {
    const card = open();
    for (let i = 0; i < 20; i++) card.release(card.allocate(new Tensor('half', 2 ** 17), 0));
  },
  unaligned: () => {
    const host = new Float32Array(4096).subarray(1, 101);
    open().allocate({ name: 'odd', length: 100, host } as Tensor, 0);
  },
  abi: () => void open(file, { abi: 7 }),
  platform: () => void openDevice({ device: 'Xylinx', image: { kind: 'source', text: '' } }),
  index: () => void open(file, { index: 3 }),
  source: () => void openDevice({ device: 'sim', image: { kind: 'source', text: 'kernel void f() {}' } }),
  xrt: () => void open(file, { device: 'xrt' }),
  second: () => {
    open();
    open(process.argv[4]);
  },
  operand: () => {
    const card = open();
    card.launch({ label: 'conv1', operands: [], descriptors: new Uint8Array(100) });
  },
};

function outcome(name: string): object {
  try {
    scenarios[name]!();
    return { ok: true };
  } catch (error) {
    if (!(error instanceof CremaError)) throw error;
    return { kind: error.kind, code: error.problems[0]?.code, message: error.message };
  } finally {
    for (const card of cards.splice(0)) card.close();
  }
}

for (const name of scenario.split(',')) {
  const started = performance.now();
  const result = outcome(name);
  console.log(JSON.stringify({ ...result, seconds: (performance.now() - started) / 1000 }));
}
process.exit(0);
