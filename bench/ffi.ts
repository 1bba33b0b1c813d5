/** Nanoseconds per native call through both FFI adapters: `node --import tsx bench/ffi.ts [--json]`. Best of many short batches. */
import { openFfiNapi } from '../orchestrator/native/ffi-napi.ts';
import type { Adapter, CType } from '../orchestrator/native/index.ts';
import { openKoffi } from '../orchestrator/native/koffi.ts';
import { probeLibrary } from '../test/native/probe.ts';

const BATCH = 1000;
const BATCHES = 1500;

/** The least of many batches: a shared machine only ever adds time. */
function nanoseconds(call: (i: number) => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < BATCH; i++) call(i);
    best = Math.min(best, Number(process.hrtime.bigint() - start) / BATCH);
  }
  return best;
}

function cases(adapter: Adapter): Record<string, (i: number) => unknown> {
  const library = adapter.load(probeLibrary());
  const values = new Float32Array(262_144);
  const middle = values.subarray(1000);
  const sizes = new BigUint64Array(4);
  const [queue, kernel] = [0x7f00_0000_1000n, 0x7f00_0000_2000n];
  const integer = library.declare('probe_i32', 'i32', ['i32']);
  const first = library.declare('probe_first', 'f32', ['pointer']);
  const handle = library.declare('probe_u64', 'u64', ['u64']);
  const nothing = library.declare('probe_void', 'void', []);
  const P: CType = 'pointer';
  const nine = library.declare('probe_nine', 'i32', [P, P, 'u32', P, P, P, 'u32', P, P]);
  const layer = library.declare('probe_layer', 'f64', [P, P, P, ...Array<CType>(6).fill('i64'), 'f32', 'f32']);
  return {
    'no argument': () => nothing(),
    'one integer': integer,
    'Float32Array of 1 MB': () => first(values),
    'subarray of it': () => first(middle),
    '64-bit handle there and back': () => handle(queue),
    'nine arguments (an OpenCL enqueue)': () => nine(queue, kernel, 1, null, sizes, sizes, 2, null, sizes),
    'eleven arguments (a host layer)': () => layer(values, values, null, 1, 2, 3, 4, 5, 6, 0.5, 0.5),
  };
}

const rows = [openKoffi(), openFfiNapi()].map((adapter) => {
  const entries = Object.entries(cases(adapter)).map(([name, call]) => [name, Math.round(nanoseconds(call))]);
  return { adapter: adapter.name, nanoseconds: Object.fromEntries(entries) as Record<string, number> };
});
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ node: process.version, provenance: 'measured', rows }));
else {
  console.log(`ns per call, best of ${BATCHES} batches, Node ${process.version}`);
  for (const name of Object.keys(rows[0]!.nanoseconds)) {
    console.log(name.padEnd(38), ...rows.map((row) => `${row.adapter} ${row.nanoseconds[name]}`.padEnd(18)));
  }
}
