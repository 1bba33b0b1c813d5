/** Workers that call C: `child.ts main-first|worker-first`. Prints how many ended well and whether C is still there, or the error. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fromSource } from '../../orchestrator/core/index.ts';
import { native } from '../../orchestrator/native/index.ts';
import { probeLibrary } from './probe.ts';

function call(): number {
  const library = native().load(probeLibrary());
  return library.declare('probe_i32', 'i32', ['i32'])(41) as number;
}

async function main(): Promise<void> {
  if (process.argv[2] === 'main-first') call();
  // A worker of Node 20 does not take the TypeScript loader from --import.
  const sources = `import('tsx/esm/api').then((tsx) => { tsx.register(); return import(${JSON.stringify(import.meta.url)}); })`;
  const results = await Promise.all(
    [1, 2, 3].map(async () => {
      const worker = new Worker(fromSource ? sources : new URL(import.meta.url), {
        eval: fromSource,
        workerData: 'call',
      });
      // Both are listened for from the start: a worker may be over before its message is looked at.
      const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
      return message as string;
    }),
  );
  const failed = results.find((r) => r !== '41');
  const mapped = readFileSync('/proc/self/maps', 'utf8').includes(probeLibrary());
  console.log(failed ?? `${results.length} workers, ${mapped ? 'mapped' : 'unmapped'}`);
}

if (isMainThread) {
  await main().catch((error) => console.log(String(error)));
} else if (workerData === 'call') {
  try {
    parentPort!.postMessage(String(call()));
  } catch (error) {
    parentPort!.postMessage(String(error));
  }
}
