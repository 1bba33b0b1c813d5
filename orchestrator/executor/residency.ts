import type { Tensor } from '../blob/index.ts';
import { internalError } from '../core/index.ts';
import type { Command, Device, DeviceBuffer } from '../device/index.ts';

/** A tensor's memory on the card, in one bank. */
interface Copy {
  readonly bank: number;
  readonly buffer: DeviceBuffer;
  valid: boolean;
}

/** Where valid copies of one tensor are, and what is still under way with it. */
interface State {
  hostValid: boolean;
  /** Copies on the card, one per memory bank that some kernel argument needs. */
  readonly copies: Copy[];
  /** Commands that produce the card's copy; later readers wait for them. */
  writers: readonly Command[];
  /** The transfer that makes the host's copy valid. */
  arriving: Command | undefined;
  readonly slab: Slab;
}

/** Commands under way that touch any tensor of a slab. */
interface Slab {
  underWay: Command[];
}

/** An operand of launches: a tensor and the kernel argument it is bound to. */
export interface Operand {
  readonly tensor: Tensor;
  readonly argument: number;
}

const NOTHING: readonly Operand[] = [];
/** Of a list without commands; never written to. */
const NONE: Command[] = [];

/**
 * Keeps host and card copies of tensors coherent with the fewest transfers: something moves only when the side that needs
 * it holds no valid copy. Transfers are enqueued and order themselves by events; only the host's own touch waits.
 * Tensors of one slab follow each other in time: whoever writes one waits for all that is under way with the others, since
 * a card without copies of its own (shared memory) and every DMA engine read the slab itself.
 *
 * It runs several times per launch, between native calls that leave the caches cold. Lists are replaced, not emptied: setting an array's
 * length is a call into V8's runtime, and the next entry makes its memory anew.
 */
export class Residency {
  private readonly device: Device;
  private readonly states = new Map<Tensor, State>();
  /** By the tensor that owns its memory. */
  private readonly slabs = new Map<Tensor, Slab>();
  private waiting: Command[] = [];
  /** Of an upload being put together: the copies it makes valid, and what it waits for. */
  private lacking: Copy[] = [];
  private before: Command[] = [];
  onTransfer: ((buffers: readonly DeviceBuffer[], command: Command, direction: 'to' | 'from') => void) | undefined;

  constructor(device: Device) {
    this.device = device;
  }

  private state(tensor: Tensor): State {
    let state = this.states.get(tensor);
    if (!state) {
      let slab = this.slabs.get(tensor.root);
      if (!slab) {
        slab = { underWay: NONE };
        this.slabs.set(tensor.root, slab);
      }
      state = { hostValid: true, copies: [], writers: NONE, arriving: undefined, slab };
      this.states.set(tensor, state);
    }
    return state;
  }

  private starts({ slab }: State, command: Command): void {
    if (slab.underWay.length === 0) {
      slab.underWay = [command];
      return;
    }
    // Parameters of a net that is only tested are read for ever and never written.
    if (slab.underWay.length >= 32) slab.underWay = slab.underWay.filter((earlier) => !earlier.done);
    slab.underWay.push(command);
  }

  private copy(state: State, tensor: Tensor, argument: number): Copy {
    const bank = this.device.bankOf(argument);
    for (const copy of state.copies) if (copy.bank === bank) return copy;
    const buffer = this.device.allocate(tensor, argument);
    const copy: Copy = { bank, buffer, valid: false };
    state.copies.push(copy);
    return copy;
  }

  /**
   * Puts the buffers of what a kernel reads and writes into `buffers`, by argument, and the commands it has to wait for into `after`. What
   * the card lacks goes there in one transfer. `preload`: what is written is read too (accumulation).
   */
  forKernel(
    reads: readonly Operand[],
    writes: readonly Operand[],
    preload: boolean,
    buffers: (DeviceBuffer | undefined)[],
    after: Command[],
  ): void {
    this.upload(reads, preload ? writes : NOTHING);
    for (const { tensor, argument } of reads) {
      const state = this.state(tensor);
      buffers[argument] = this.copy(state, tensor, argument).buffer;
      join(after, state.writers);
    }
    for (const { tensor, argument } of writes) {
      const state = this.state(tensor);
      buffers[argument] = this.copy(state, tensor, argument).buffer;
      join(after, state.writers);
      join(after, state.slab.underWay);
    }
  }

  /** Sends what the card does not hold of these operands. */
  private upload(operands: readonly Operand[], more: readonly Operand[]): void {
    this.lack(operands);
    this.lack(more);
    const { lacking, before } = this;
    if (lacking.length === 0) return;
    this.lacking = [];
    this.before = [];
    const buffers = lacking.map(({ buffer }) => buffer);
    const command = this.device.toDevice(buffers, before);
    this.onTransfer?.(buffers, command, 'to');
    const alone = [command];
    for (const copy of lacking) {
      copy.valid = true;
      const state = this.states.get(copy.buffer.tensor)!;
      state.writers = state.writers.length === 0 ? alone : [...state.writers, command];
      this.starts(state, command);
    }
  }

  /** Adds what the card does not hold to `lacking`, and what its upload has to wait for to `before`. */
  private lack(operands: readonly Operand[]): void {
    const { lacking, before } = this;
    for (const { tensor, argument } of operands) {
      const state = this.state(tensor);
      const copy = this.copy(state, tensor, argument);
      if (copy.valid || lacking.includes(copy)) continue;
      if (!state.hostValid) this.download([tensor]);
      if (state.arriving) add(before, state.arriving);
      lacking.push(copy);
    }
  }

  /** Says which commands read and wrote tensors, after their launch. */
  launched(commands: readonly Command[], reads: readonly Operand[], writes: readonly Operand[]): void {
    for (const { tensor } of reads) {
      const state = this.state(tensor);
      for (const command of commands) this.starts(state, command);
    }
    for (const { tensor, argument } of writes) {
      const state = this.state(tensor);
      const bank = this.device.bankOf(argument);
      for (const copy of state.copies) copy.valid = copy.bank === bank;
      state.hostValid = false;
      state.arriving = undefined;
      // The launch waited for all that was under way, so it alone stands for it now.
      state.writers = commands;
      state.slab.underWay = commands.slice();
    }
  }

  /** Starts one transfer to the host of what it does not hold of these tensors, early where that can overlap with other work. */
  download(tensors: readonly Tensor[]): void {
    let lacking: DeviceBuffer[] | undefined;
    for (const tensor of tensors) {
      const state = this.states.get(tensor);
      if (!state || state.hostValid) continue;
      const buffer = this.onCard(tensor, state);
      lacking ??= [];
      if (!lacking.includes(buffer)) lacking.push(buffer);
    }
    if (!lacking) return;
    const after: Command[] = [];
    for (const { tensor } of lacking) join(after, this.states.get(tensor)!.writers);
    const command = this.device.fromDevice(lacking, after);
    this.onTransfer?.(lacking, command, 'from');
    for (const { tensor } of lacking) {
      const state = this.states.get(tensor)!;
      state.arriving = command;
      this.starts(state, command);
      state.hostValid = true;
    }
  }

  private onCard(tensor: Tensor, state: State): DeviceBuffer {
    for (const copy of state.copies) if (copy.valid) return copy.buffer;
    throw internalError(`tensor ${tensor.name} is valid nowhere`);
  }

  /** Makes host memory of these tensors valid; waits for transfers. */
  hostRead(tensors: readonly Tensor[]): void {
    this.download(tensors);
    for (const tensor of tensors) {
      const state = this.states.get(tensor);
      if (!state?.arriving) continue;
      this.waiting.push(state.arriving);
      state.arriving = undefined;
    }
    this.wait();
  }

  /** Host memory of these tensors is about to be overwritten: waits for whoever still uses it; copies go stale. */
  hostWrite(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      const slab = this.slabs.get(tensor.root);
      if (!slab) continue;
      this.settleSlab(slab);
      const state = this.states.get(tensor);
      if (!state) continue;
      state.arriving = undefined;
      state.writers = NONE;
      state.hostValid = true;
      for (const copy of state.copies) copy.valid = false;
    }
    this.wait();
  }

  /** What is under way with a slab is waited for next. */
  private settleSlab(slab: Slab): void {
    if (slab.underWay.length === 0) return;
    join(this.waiting, slab.underWay);
    slab.underWay = NONE;
  }

  private wait(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    this.waiting = [];
    this.device.wait(waiting);
  }

  /** Waits for everything under way. */
  settle(): void {
    for (const slab of this.slabs.values()) this.settleSlab(slab);
    this.wait();
    for (const state of this.states.values()) {
      state.writers = NONE;
      state.arriving = undefined;
    }
  }

  release(): void {
    this.settle();
    for (const state of this.states.values()) for (const { buffer } of state.copies) this.device.release(buffer);
    this.states.clear();
  }
}

/** Adds a command that is not done and not there yet. Lists are a few long, where a search beats a set. */
function add(list: Command[], command: Command): void {
  if (!command.done && !list.includes(command)) list.push(command);
}

function join(list: Command[], commands: readonly Command[]): void {
  for (const command of commands) add(list, command);
}
