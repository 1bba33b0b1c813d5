import type { Tensor } from '../blob/index.ts';
import type { Command, Device, DeviceBuffer } from '../device/index.ts';

/** A tensor's memory on the card, in one bank. */
interface Copy {
  readonly bank: number;
  readonly buffer: DeviceBuffer;
  /** The buffer alone, as transfers take it. */
  readonly alone: readonly [DeviceBuffer];
  valid: boolean;
}

/** Where valid copies of one tensor are, and what is still under way with it. */
interface State {
  hostValid: boolean;
  /** Copies on the card, one per memory bank that some kernel argument needs. */
  readonly copies: Copy[];
  /** Commands that produce the card's copy; later readers wait for them. */
  readonly writers: Command[];
  /** Transfers that make the host's copy valid. */
  readonly arriving: Command[];
  /** Commands under way that touch any tensor of the slab; its tensors share the list. */
  readonly underWay: Command[];
}

/** An operand of launches: a tensor and the kernel argument it is bound to. */
export interface Operand {
  readonly tensor: Tensor;
  readonly argument: number;
}

/**
 * Keeps host and card copies of tensors coherent with the fewest transfers: something moves only when the side that needs
 * it holds no valid copy. Transfers are enqueued and order themselves by events; only the host's own touch waits.
 * Tensors of one slab follow each other in time: whoever writes one waits for all that is under way with the others, since
 * a card without copies of its own (shared memory) and every DMA engine read the slab itself.
 *
 * It runs several times per launch, between native calls that leave the caches cold: lists are kept and refilled, not made.
 */
export class Residency {
  private readonly device: Device;
  private readonly states = new Map<Tensor, State>();
  /** Per slab, its list of commands under way. */
  private readonly pending = new Map<Tensor, Command[]>();
  private readonly waiting: Command[] = [];
  onTransfer: ((tensor: Tensor, command: Command, bytes: number, direction: 'to' | 'from') => void) | undefined;

  constructor(device: Device) {
    this.device = device;
  }

  private state(tensor: Tensor): State {
    let state = this.states.get(tensor);
    if (!state) {
      let underWay = this.pending.get(tensor.root);
      if (!underWay) {
        underWay = [];
        this.pending.set(tensor.root, underWay);
      }
      state = { hostValid: true, copies: [], writers: [], arriving: [], underWay };
      this.states.set(tensor, state);
    }
    return state;
  }

  private starts(state: State, command: Command): void {
    const list = state.underWay;
    // Parameters of a net that is only tested are read for ever and never written.
    if (list.length >= 32) {
      let alive = 0;
      for (const earlier of list) if (!earlier.done) list[alive++] = earlier;
      list.length = alive;
    }
    list.push(command);
  }

  private copy(state: State, tensor: Tensor, argument: number): Copy {
    const bank = this.device.bankOf(argument);
    for (const copy of state.copies) if (copy.bank === bank) return copy;
    const buffer = this.device.allocate(tensor, argument);
    const copy: Copy = { bank, buffer, alone: [buffer], valid: false };
    state.copies.push(copy);
    return copy;
  }

  /** The buffer of a tensor that a kernel will read; adds the commands to wait for to `after`. */
  forKernelRead({ tensor, argument }: Operand, after: Command[]): DeviceBuffer {
    const state = this.state(tensor);
    const copy = this.copy(state, tensor, argument);
    if (!copy.valid) {
      if (!state.hostValid) this.startFromDevice(tensor, state);
      const command = this.device.toDevice(copy.alone, state.arriving);
      this.onTransfer?.(tensor, command, copy.buffer.bytes, 'to');
      copy.valid = true;
      state.writers.push(command);
      this.starts(state, command);
    }
    join(after, state.writers);
    return copy.buffer;
  }

  /** The buffer that a kernel will write. `preload`: it also reads what is there (accumulation). */
  forKernelWrite(operand: Operand, preload: boolean, after: Command[]): DeviceBuffer {
    if (preload) this.forKernelRead(operand, after);
    const state = this.state(operand.tensor);
    const copy = this.copy(state, operand.tensor, operand.argument);
    join(after, state.writers);
    join(after, state.underWay);
    return copy.buffer;
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
      state.arriving.length = 0;
      // The launch waited for all that was under way, so it alone stands for it now.
      state.writers.length = 0;
      state.underWay.length = 0;
      for (const command of commands) {
        state.writers.push(command);
        state.underWay.push(command);
      }
    }
  }

  private startFromDevice(tensor: Tensor, state: State): void {
    const copy = state.copies.find((c) => c.valid);
    if (!copy) throw new Error(`tensor ${tensor.name} is valid nowhere`);
    const command = this.device.fromDevice(copy.alone, state.writers);
    this.onTransfer?.(tensor, command, copy.buffer.bytes, 'from');
    state.arriving.length = 0;
    state.arriving.push(command);
    this.starts(state, command);
    state.hostValid = true;
  }

  /** Starts the transfer to the host early, so that it overlaps with other work. */
  prefetchToHost(tensor: Tensor): void {
    const state = this.states.get(tensor);
    if (state && !state.hostValid) this.startFromDevice(tensor, state);
  }

  /** Makes host memory of these tensors valid; waits for transfers. */
  hostRead(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      const state = this.states.get(tensor);
      if (!state) continue;
      if (!state.hostValid) this.startFromDevice(tensor, state);
      this.waitLater(state.arriving);
    }
    this.wait();
  }

  /** Host memory of these tensors is about to be overwritten: waits for whoever still uses it; copies go stale. */
  hostWrite(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) {
      const list = this.pending.get(tensor.root);
      if (list) this.waitLater(list);
      const state = this.states.get(tensor);
      if (!state) continue;
      state.arriving.length = 0;
      state.writers.length = 0;
      state.hostValid = true;
      for (const copy of state.copies) copy.valid = false;
    }
    this.wait();
  }

  /** Moves a list of commands into the one that `wait` waits for. */
  private waitLater(list: Command[]): void {
    for (const command of list) this.waiting.push(command);
    list.length = 0;
  }

  private wait(): void {
    if (this.waiting.length === 0) return;
    try {
      this.device.wait(this.waiting);
    } finally {
      this.waiting.length = 0;
    }
  }

  /** Waits for everything under way. */
  settle(): void {
    for (const list of this.pending.values()) this.waitLater(list);
    this.wait();
    for (const state of this.states.values()) {
      state.writers.length = 0;
      state.arriving.length = 0;
    }
  }

  release(): void {
    this.settle();
    for (const state of this.states.values()) for (const { buffer } of state.copies) this.device.release(buffer);
    this.states.clear();
  }
}

/** Adds commands that are not done and not there yet. Lists are a few long, where a search beats a set. */
function join(list: Command[], commands: readonly Command[]): void {
  for (const command of commands) if (!command.done && !list.includes(command)) list.push(command);
}
