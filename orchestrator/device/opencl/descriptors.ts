import { Tensor } from '../../blob/index.ts';
import type { Command } from '../device.ts';
import type { OpenClBuffer } from './buffers.ts';

/** A list of op descriptors in device memory. */
export interface DescriptorList {
  readonly buffer: OpenClBuffer;
  /** The host copy that the device memory mirrors. */
  readonly content: Uint8Array;
  /** What was asked for last: the same array needs no comparison. */
  source: Uint8Array;
  /** Its upload, which a launch waits for while it is under way. */
  upload: Command;
}

export interface DescriptorMemory {
  allocate(tensor: Tensor): OpenClBuffer;
  upload(buffer: OpenClBuffer): Command;
  release(buffer: OpenClBuffer): void;
  /** Blocks until no command uses the buffer. */
  settle(buffer: OpenClBuffer): void;
}

/** Lists kept for one label: a label whose descriptors change every time (a rounding seed) cycles through these. */
const KEPT = 4;

/** Op descriptors per launch label, uploaded when first seen: a steady training iteration uploads none. */
export class Descriptors {
  private readonly memory: DescriptorMemory;
  /** Per label, most recently used first. */
  private readonly lists = new Map<string, DescriptorList[]>();

  constructor(memory: DescriptorMemory) {
    this.memory = memory;
  }

  /** The list with these bytes, uploaded or being uploaded. */
  get(label: string, bytes: Uint8Array): DescriptorList {
    let lists = this.lists.get(label);
    if (!lists) {
      lists = [];
      this.lists.set(label, lists);
    }
    const latest = lists[0];
    if (latest && (latest.source === bytes || same(latest, bytes))) {
      latest.source = bytes;
      return latest;
    }
    const known = lists.findIndex((list) => same(list, bytes));
    const list = known >= 0 ? lists.splice(known, 1)[0]! : this.make(label, bytes, lists);
    list.source = bytes;
    lists.unshift(list);
    return list;
  }

  private make(label: string, bytes: Uint8Array, lists: DescriptorList[]): DescriptorList {
    if (lists.length >= KEPT) {
      const oldest = lists.pop()!;
      this.memory.settle(oldest.buffer);
      if (oldest.content.length === bytes.length) {
        oldest.content.set(bytes);
        oldest.upload = this.memory.upload(oldest.buffer);
        return oldest;
      }
      this.memory.release(oldest.buffer);
    }
    const tensor = new Tensor(`${label} descriptors`, bytes.length / 4);
    const { buffer: memory, byteOffset } = tensor.host;
    const content = new Uint8Array(memory, byteOffset, bytes.length);
    content.set(bytes);
    const buffer = this.memory.allocate(tensor);
    return { buffer, content, source: bytes, upload: this.memory.upload(buffer) };
  }

  clear(): void {
    for (const list of [...this.lists.values()].flat()) this.memory.release(list.buffer);
    this.lists.clear();
  }
}

const same = ({ content }: DescriptorList, bytes: Uint8Array): boolean => Buffer.compare(content, bytes) === 0;
