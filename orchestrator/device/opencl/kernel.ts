import type { Handle } from './api.ts';
import { type Halves, halves, type OpenClBuffer } from './buffers.ts';
import type { CommandList } from './list.ts';

/** The kernel's signature: operands a, b, c and bias, the descriptor list, its length. */
export const DESCRIPTORS = 4;
const COUNT = 5;
/** Most words of a launch: kernel, mask, arguments. */
export const LAUNCH_WORDS = 2 + 1 + 2 * COUNT + 1;

/** One kernel object and the arguments it has: a launch sets those that differ from the launch before (a chain of layers shares most). */
export class Kernel {
  private readonly handle: Halves;
  private buffers: (OpenClBuffer | undefined)[] = [];
  private count = 0;

  constructor(handle: Handle) {
    this.handle = halves(handle);
  }

  /** The words of a launch with these buffers (a, b, c, bias, descriptors) and number of descriptors. */
  record(list: CommandList, buffers: readonly OpenClBuffer[], count: number): void {
    const known = this.buffers;
    list.putHandle(this.handle);
    const mask = list.length++;
    let changed = 0;
    for (let i = 0; i < COUNT; i++) {
      const buffer = buffers[i]!;
      if (known[i] === buffer) continue;
      known[i] = buffer;
      list.putHandle(buffer);
      changed |= 1 << i;
    }
    if (this.count !== count) {
      this.count = count;
      list.put(count);
      changed |= 1 << COUNT;
    }
    list.words[mask] = changed;
  }

  /** After anything else set or freed an argument. */
  forget(): void {
    this.buffers = [];
    this.count = 0;
  }
}
