import type { Tensor } from '../blob/index.ts';
import type { Command, Device, DeviceBuffer } from '../device/index.ts';

/** Where valid copies of one tensor are, and what is still under way with it. */
interface State {
  hostValid: boolean;
  /** Copies on the card, one per memory bank that some kernel argument needs. */
  readonly copies: Map<number, { buffer: DeviceBuffer; valid: boolean }>;
  /** Commands that produce the card's copy; later readers wait for them. */
  writers: Command[];
  /** Transfers that make the host's copy valid. */
  arriving: Command[];
}

/**
 * Keeps host and card copies of tensors coherent with the fewest transfers: something moves only when the side that needs
 * it holds no valid copy. Transfers are enqueued and order themselves by events; only the host's own touch waits.
 * Tensors of one slab follow each other in time: whoever writes one waits for all that is under way with the others, since
 * a card without copies of its own (shared memory) and every DMA engine read the slab itself.
 */
export class Residency {
  private readonly device: Device;
  private readonly states = new Map<Tensor, State>();
  /** Commands under way that touch any tensor of a slab. */
  private readonly pending = new Map<Tensor, Command[]>();
  onTransfer: ((tensor: Tensor, command: Command, bytes: number, direction: 'to' | 'from') => void) | undefined;

  constructor(device: Device) {
    this.device = device;
  }

  private state(tensor: Tensor): State {
    let state = this.states.get(tensor);
    if (!state) {
      state = { hostValid: true, copies: new Map(), writers: [], arriving: [] };
      this.states.set(tensor, state);
    }
    return state;
  }

  private underWay(tensor: Tensor): Command[] {
    let list = this.pending.get(tensor.root);
    if (!list) {
      list = [];
      this.pending.set(tensor.root, list);
    }
    // Parameters of a net that is only tested are read for ever and never written.
    if (list.length >= 32) {
      const alive = list.filter((command) => !command.done);
      list.length = 0;
      list.push(...alive);
    }
    return list;
  }

  private copy(tensor: Tensor, argument: number) {
    const { copies } = this.state(tensor);
    const bank = this.device.bankOf(argument);
    let copy = copies.get(bank);
    if (!copy) {
      copy = { buffer: this.device.allocate(tensor, argument), valid: false };
      copies.set(bank, copy);
    }
    return copy;
  }

  /** The buffer of a tensor that kernel argument `argument` will read, and the commands to wait for. */
  forKernelRead(tensor: Tensor, argument: number): { buffer: DeviceBuffer; after: Command[] } {
    const state = this.state(tensor);
    const copy = this.copy(tensor, argument);
    if (!copy.valid) {
      if (!state.hostValid) this.startFromDevice(tensor, state);
      const command = this.device.toDevice([copy.buffer], state.arriving);
      this.onTransfer?.(tensor, command, copy.buffer.bytes, 'to');
      copy.valid = true;
      state.writers.push(command);
      this.underWay(tensor).push(command);
    }
    return { buffer: copy.buffer, after: [...state.writers] };
  }

  /** The buffer that a kernel will write. `preload`: it also reads what is there (accumulation). */
  forKernelWrite(tensor: Tensor, argument: number, preload: boolean): { buffer: DeviceBuffer; after: Command[] } {
    if (preload) this.forKernelRead(tensor, argument);
    const state = this.state(tensor);
    const copy = this.copy(tensor, argument);
    return { buffer: copy.buffer, after: [...new Set([...state.writers, ...this.underWay(tensor)])] };
  }

  /** Says which commands read and wrote a tensor, after their launch. */
  launched(
    commands: readonly Command[],
    reads: readonly Tensor[],
    writes: readonly { tensor: Tensor; argument: number }[],
  ): void {
    for (const tensor of reads) this.underWay(tensor).push(...commands);
    for (const { tensor, argument } of writes) {
      const state = this.state(tensor);
      const bank = this.device.bankOf(argument);
      for (const [b, copy] of state.copies) copy.valid = b === bank;
      state.hostValid = false;
      state.writers = [...commands];
      state.arriving = [];
      // The launch waited for all that was under way, so it alone stands for it now.
      this.pending.set(tensor.root, [...commands]);
    }
  }

  private startFromDevice(tensor: Tensor, state: State): void {
    const copy = [...state.copies.values()].find((c) => c.valid);
    if (!copy) throw new Error(`tensor ${tensor.name} is valid nowhere`);
    const command = this.device.fromDevice([copy.buffer], state.writers);
    this.onTransfer?.(tensor, command, copy.buffer.bytes, 'from');
    state.arriving = [command];
    this.underWay(tensor).push(command);
    state.hostValid = true;
  }

  /** Starts the transfer to the host early, so that it overlaps with other work. */
  prefetchToHost(tensor: Tensor): void {
    const state = this.states.get(tensor);
    if (state && !state.hostValid) this.startFromDevice(tensor, state);
  }

  /** Makes host memory of these tensors valid; waits for transfers. */
  hostRead(tensors: readonly Tensor[]): void {
    const waiting: Command[] = [];
    for (const tensor of tensors) {
      const state = this.states.get(tensor);
      if (!state) continue;
      if (!state.hostValid) this.startFromDevice(tensor, state);
      waiting.push(...state.arriving);
      state.arriving = [];
    }
    if (waiting.length > 0) this.device.wait(waiting);
  }

  /** Host memory of these tensors is about to be overwritten: waits for whoever still uses it; copies go stale. */
  hostWrite(tensors: readonly Tensor[]): void {
    const waiting: Command[] = [];
    for (const tensor of tensors) {
      const list = this.pending.get(tensor.root);
      if (list) {
        waiting.push(...list);
        list.length = 0;
      }
      const state = this.states.get(tensor);
      if (!state) continue;
      state.arriving = [];
      state.writers = [];
      state.hostValid = true;
      for (const copy of state.copies.values()) copy.valid = false;
    }
    if (waiting.length > 0) this.device.wait(waiting);
  }

  /** Waits for everything under way. */
  settle(): void {
    const waiting = [...this.pending.values()].flat();
    this.pending.clear();
    if (waiting.length > 0) this.device.wait(waiting);
    for (const state of this.states.values()) {
      state.writers = [];
      state.arriving = [];
    }
  }

  release(): void {
    this.settle();
    for (const state of this.states.values())
      for (const { buffer } of state.copies.values()) this.device.release(buffer);
    this.states.clear();
  }
}
