import { native } from '../native/index.ts';
import type { LoaderData } from './loader.ts';
import { allocateRing, openRing, type Ring, type RingMemory, WORD } from './ring.ts';
import type { RecordShape } from './source.ts';
import { elementsOf } from './source.ts';
import type { BatchStream, StreamSpec } from './stream.ts';
import { awaitChange, raise, startThread, type Thread } from './thread.ts';

/** Milliseconds for the batch that a loader is at, so that it closes its source; a folder of copies would stay behind otherwise. */
const CLOSING = 2000;

/** Takes batches that a loader's thread has made ahead. The thread starts with the first batch asked for. */
export class WorkerStream implements BatchStream {
  readonly shape: RecordShape;
  private readonly spec: StreamSpec;
  private position = 0;
  private running: { thread: Thread; ring: Ring; memory: RingMemory; taken: number } | undefined;

  constructor(spec: StreamSpec, shape: RecordShape) {
    this.spec = spec;
    this.shape = shape;
  }

  get ordinal(): number {
    return this.position;
  }

  set ordinal(value: number) {
    if (value === this.position) return;
    this.close();
    this.position = value;
  }

  get bytes(): number {
    return this.running?.memory.data.byteLength ?? 0;
  }

  next(data: Float32Array, labels?: Float32Array): void {
    this.running ??= this.start();
    const { ring, thread, taken } = this.running;
    while (Atomics.load(ring.control, WORD.produced) === taken) {
      awaitChange(thread, ring.control, WORD.produced, taken, `the loader of ${this.spec.source}`);
    }
    if (Atomics.load(ring.control, WORD.failed) === taken + 1) {
      const failure = thread.receive();
      this.close();
      raise(failure, `the loader of ${this.spec.source}`);
    }
    const slot = ring.slots[taken % ring.slots.length]!;
    data.set(slot.data);
    labels?.set(slot.labels);
    this.running.taken = (taken + 1) | 0;
    Atomics.store(ring.control, WORD.taken, this.running.taken);
    Atomics.notify(ring.control, WORD.taken);
    this.position += this.spec.batch;
  }

  private start() {
    native(); // ffi-napi ends threads with a fault unless the main thread has loaded it before them
    const memory = allocateRing(this.spec.batch * elementsOf(this.shape), this.spec.batch, this.spec.prefetch);
    const data: LoaderData = { spec: this.spec, ring: memory, ordinal: this.position };
    return { thread: startThread('loader', data), ring: openRing(memory), memory, taken: 0 };
  }

  close(): void {
    if (!this.running) return;
    const { ring, thread } = this.running;
    Atomics.store(ring.control, WORD.stop, 1);
    Atomics.notify(ring.control, WORD.taken);
    thread.end(CLOSING);
    this.running = undefined;
  }
}
