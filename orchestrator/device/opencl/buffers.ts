import { PAGE, type Tensor } from '../../blob/index.ts';
import { deviceError, roundUp } from '../../core/index.ts';
import { native } from '../../native/index.ts';
import type { DeviceBuffer } from '../device.ts';
import { create, type Handle } from './api.ts';
import { check } from './errors.ts';
import { type Session, unitsOf } from './session.ts';
import * as c from './signatures.ts';

/** The engine's ports are 512 bits wide: it may read up to the end of the last word. */
const WORD_BYTES = 64;

/** A handle as two words, which go into lists of commands without becoming bigints. Signed: small integers to V8, whatever their top bit. */
export interface Halves {
  readonly low: number;
  readonly high: number;
}

export const halves = (handle: Handle): Halves => ({
  low: Number(BigInt.asIntN(32, handle)),
  high: Number(BigInt.asIntN(32, handle >> 32n)),
});

/** Device memory over a tensor's host memory. `uses` counts commands under way; memory goes back when the last one ends. */
export interface OpenClBuffer extends DeviceBuffer, Halves {
  /** Whose it is. */
  readonly session: Session;
  readonly handle: Handle;
  /** Pins the host memory while the handle lives. */
  readonly memory: ArrayBufferView;
  readonly bank: number | undefined;
  uses: number;
  released: boolean;
}

/**
 * Buffers of one session. A bank is chosen by the rule that needs no extension: the kernel argument is set before the buffer's first
 * enqueue, and the runtime places it where that argument is wired (XRT, the emulated card). Banks are also counted here, so that what does
 * not fit is refused by name; the runtime would say CL_OUT_OF_RESOURCES, the same as for a foreign xclbin.
 */
export class Buffers {
  private readonly session: Session;
  private readonly wiring: ReadonlyMap<number, number>;
  private readonly used: number[];

  constructor(session: Session, kernel: string) {
    this.session = session;
    const { summary } = session;
    const first = summary && unitsOf(summary, kernel)[0]?.position;
    this.wiring = new Map(
      [...(summary?.wiring ?? [])]
        .filter(([key]) => key.startsWith(`${first}/`))
        .map(([key, bank]) => [Number(key.split('/')[1]), bank]),
    );
    this.used = (summary?.banks ?? []).map(() => 0);
  }

  /** Bank index of an argument; 0 where a platform has no topology. */
  bankOf(argument: number): number {
    return this.wiring.get(argument) ?? 0;
  }

  allocate(tensor: Tensor, argument: number): OpenClBuffer {
    const memory = this.hostBytes(tensor);
    const bank = this.reserve(tensor, argument, memory.byteLength);
    const { cl, context } = this.session;
    let handle: Handle | undefined;
    try {
      handle = create(
        () => `making a device buffer of ${memory.byteLength} bytes for ${tensor.name}`,
        (status) =>
          cl.clCreateBuffer(context, c.MEM_READ_WRITE | c.MEM_USE_HOST_PTR, memory.byteLength, memory, status),
      );
      const doing = () => `placing ${tensor.name} in the bank of kernel argument ${argument}`;
      const kernel = this.session.units[0] ?? this.session.kernel;
      check(cl.clSetKernelArg(kernel, argument, 8, BigUint64Array.of(handle)), doing);
      return {
        session: this.session,
        tensor,
        bytes: memory.byteLength,
        handle,
        ...halves(handle),
        memory,
        bank,
        uses: 0,
        released: false,
      };
    } catch (error) {
      if (handle !== undefined) cl.clReleaseMemObject(handle);
      if (bank !== undefined) this.used[bank]! -= roundUp(memory.byteLength, PAGE);
      throw error;
    }
  }

  /** The host memory of a tensor in whole 512-bit words. */
  private hostBytes(tensor: Tensor): Uint8Array {
    const host = tensor.host;
    const rounded = Math.max(WORD_BYTES, roundUp(host.byteLength, WORD_BYTES));
    if (host.byteOffset + rounded > host.buffer.byteLength || native().address(host) % BigInt(PAGE) !== 0n) {
      throw deviceError({
        message: `the host memory of ${tensor.name} does not start on a page or ends before a whole 512-bit word`,
        expected: 'memory made by Tensor or pageAligned()',
        code: 'unaligned',
      });
    }
    return new Uint8Array(host.buffer, host.byteOffset, rounded);
  }

  private reserve(tensor: Tensor, argument: number, bytes: number): number | undefined {
    const { summary } = this.session;
    if (!summary) return undefined;
    const bank = this.wiring.get(argument);
    if (bank === undefined) {
      throw deviceError({
        message: `kernel argument ${argument} is not wired to memory, ${tensor.name} cannot be placed`,
        expected: `one of the arguments ${[...this.wiring.keys()].join(', ')}`,
        code: 'not-wired',
      });
    }
    const { tag, bytes: size } = summary.banks[bank]!;
    const pages = roundUp(bytes, PAGE);
    // A topology may leave sizes out (0); then only the runtime knows.
    if (size > 0 && this.used[bank]! + pages > size) {
      throw deviceError({
        message: `${tensor.name} needs ${pages} bytes in bank ${tag}, which has ${size - this.used[bank]!} of ${size} left`,
        hint: 'use a smaller batch, or a board or config with larger banks',
        code: 'bank-full',
      });
    }
    this.used[bank]! += pages;
    return bank;
  }

  /** Frees a buffer that no command uses any more. */
  free(buffer: OpenClBuffer): void {
    if (buffer.bank !== undefined) this.used[buffer.bank]! -= roundUp(buffer.bytes, PAGE);
    check(this.session.cl.clReleaseMemObject(buffer.handle), () => `releasing ${buffer.tensor.name}`);
  }
}
