import { hostLibrary } from '../../math/index.ts';
import type { Handle } from './api.ts';
import type { OpenClBuffer } from './buffers.ts';
import { openClError } from './errors.ts';
import type { Session } from './session.ts';

/** The kernel's signature: operands a, b, c and bias, the descriptor list, its length. */
export const DESCRIPTORS = 4;
export const COUNT = 5;
const ALL = (1 << (COUNT + 1)) - 1;
/** Words of a frame before the arguments: clSetKernelArg, clEnqueueTask, queue, kernel. */
const HEAD = 4;

type EnqueueLaunch = (
  frame: BigUint64Array,
  changed: number,
  waits: number,
  list: BigUint64Array | null,
  event: BigUint64Array,
) => number;

/**
 * The arguments of one kernel object, laid out for host/src/device/launch.cpp: one native call sets those that differ from the launch
 * before (a chain of layers shares most of them) and enqueues.
 */
export class KernelFrame {
  private readonly words: BigUint64Array;
  private readonly buffers: (OpenClBuffer | undefined)[] = [];
  private count = 0;
  private changed = ALL;
  private readonly native: EnqueueLaunch;

  constructor({ cl, queue }: Session, kernel: Handle) {
    const { library } = cl;
    this.words = new BigUint64Array(HEAD + COUNT + 1);
    this.words.set([library.address('clSetKernelArg'), library.address('clEnqueueTask'), queue, kernel]);
    this.native = hostLibrary().declare('crema_enqueue_launch', 'i32', [
      'pointer',
      'u32',
      'u32',
      'pointer',
      'pointer',
    ]) as EnqueueLaunch;
  }

  setBuffer(index: number, buffer: OpenClBuffer): void {
    if (this.buffers[index] === buffer) return;
    this.buffers[index] = buffer;
    this.words[HEAD + index] = buffer.handle;
    this.changed |= 1 << index;
  }

  setCount(count: number): void {
    if (this.count === count) return;
    this.count = count;
    this.words[HEAD + COUNT] = BigInt(count);
    this.changed |= 1 << COUNT;
  }

  /** Enqueues the kernel. Throws a device CremaError where the runtime refuses an argument or the launch. */
  enqueue(label: string, waits: number, list: BigUint64Array | null, event: BigUint64Array): void {
    const code = this.native(this.words, this.changed, waits, list, event);
    if (code !== 0) throw this.refusal(code, label, Number(event[0]));
    this.changed = 0;
  }

  private refusal(code: number, label: string, argument: number) {
    const name = this.buffers[argument]?.tensor.name;
    const to = name === undefined ? '' : ` to ${name}`;
    const doing =
      argument > COUNT ? `enqueueing launch ${label}` : `${label}: setting kernel argument ${argument}${to}`;
    return openClError(code, doing);
  }

  /** After anything else set or freed an argument. */
  forget(): void {
    this.changed = ALL;
    this.buffers.length = 0;
  }
}
