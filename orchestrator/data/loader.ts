import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type DecodeOptions, decodeBatch } from './decode.ts';
import { openRecords } from './open-stream.ts';
import { openRing, type RingMemory, WORD } from './ring.ts';
import type { StreamSpec } from './stream.ts';
import { packFailure } from './thread.ts';
import { Transformer } from './transform.ts';
import { type Producer, windowProducer } from './windows.ts';

/** What the loader's thread starts with. */
export interface LoaderData {
  readonly spec: StreamSpec;
  readonly ring: RingMemory;
  /** Records given out before the first batch it makes. */
  readonly ordinal: number;
}

/** Reads, decodes and transforms ahead of the net, one batch after another into the ring, until it is stopped. */
async function load({ spec, ring, ordinal }: LoaderData): Promise<void> {
  const producer = spec.backend === 'WINDOWS' ? windowProducer(spec) : recordProducer(spec);
  try {
    await fill(ring, producer, ordinal, spec.batch);
  } finally {
    producer.close();
  }
}

async function fill(ring: RingMemory, producer: Producer, ordinal: number, batch: number): Promise<void> {
  const { control, slots } = openRing(ring);
  // Native code writes to ordinary memory: ffi-napi cannot pass shared memory.
  const scratch = new Float32Array(ring.elements);
  for (let produced = 0; Atomics.load(control, WORD.stop) === 0; produced++) {
    const labels = await producer.make(ordinal + produced * batch, scratch);
    for (;;) {
      const taken = Atomics.load(control, WORD.taken);
      if (((produced - taken) | 0) < slots.length || Atomics.load(control, WORD.stop) !== 0) break;
      Atomics.wait(control, WORD.taken, taken);
    }
    const slot = slots[produced % slots.length]!;
    slot.data.set(scratch);
    if (ring.labels > 0) slot.labels.set(labels);
    Atomics.add(control, WORD.produced, 1);
    Atomics.notify(control, WORD.produced);
  }
}

/** Batches of a source of records. */
function recordProducer(spec: StreamSpec): Producer {
  const source = openRecords(spec);
  const transformer = new Transformer(spec.transform, source, spec);
  const decode = decodeOptions(spec);
  return {
    async make(ordinal, out) {
      const batch = await decodeBatch(source.read(spec.skip + ordinal, spec.batch), decode, source.name);
      transformer.run(batch, ordinal, out);
      return batch.labels;
    },
    close: () => source.close(),
  };
}

function decodeOptions(spec: StreamSpec): DecodeOptions {
  if (!spec.images) return { color: spec.transform.color };
  const { color, height, width } = spec.images;
  return { color: color ? 'color' : 'gray', ...(height > 0 ? { size: [height, width] as const } : {}) };
}

if (parentPort) {
  const data = workerData as LoaderData & { port: MessagePort };
  load(data).catch((error: unknown) => {
    data.port.postMessage(packFailure(error));
    const control = new Int32Array(data.ring.control);
    // The batch that failed is the one after those produced; the consumer takes the good ones first.
    Atomics.store(control, WORD.failed, Atomics.load(control, WORD.produced) + 1);
    Atomics.add(control, WORD.produced, 1);
    Atomics.notify(control, WORD.produced);
  });
}
