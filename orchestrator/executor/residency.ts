import type { Tensor } from '../blob/index.ts';
import { internalError } from '../core/index.ts';
import type { Command, Device, DeviceBuffer } from '../device/index.ts';

/** A tensor's memory on the card, in one bank. */
interface Copy {
  readonly residence: Residence;
  readonly bank: number;
  readonly buffer: DeviceBuffer;
  valid: boolean;
}

/** Where valid copies of one tensor are, and what is still under way with it. Whoever needs it in every step asks for it once (`of`). */
export interface Residence {
  readonly tensor: Tensor;
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

/** An operand with its place on the card. */
export interface Bound {
  readonly argument: number;
  readonly residence: Residence;
  readonly copy: Copy;
}

const NOTHING: readonly Bound[] = [];
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
  private readonly residences = new Map<Tensor, Residence>();
  /** By the tensor that owns their memory. */
  private readonly slabs = new Map<Tensor, Slab>();
  private waiting: Command[] = [];
  /** Of an upload being put together: the copies it makes valid, and what it waits for. */
  private lacking: Copy[] = [];
  private before: Command[] = [];
  onTransfer: ((buffers: readonly DeviceBuffer[], command: Command, direction: 'to' | 'from') => void) | undefined;

  constructor(device: Device) {
    this.device = device;
  }

  private residence(tensor: Tensor): Residence {
    let known = this.residences.get(tensor);
    if (!known) {
      let slab = this.slabs.get(tensor.root);
      if (!slab) {
        slab = { underWay: NONE };
        this.slabs.set(tensor.root, slab);
      }
      known = { tensor, hostValid: true, copies: [], writers: NONE, arriving: undefined, slab };
      this.residences.set(tensor, known);
    }
    return known;
  }

  /** The residences of tensors, each once. */
  of(tensors: Iterable<Tensor>): Residence[] {
    return Array.from(new Set(tensors), (tensor) => this.residence(tensor));
  }

  /** Operands with their places on the card, where memory for them is allocated. */
  bind(operands: readonly Operand[]): Bound[] {
    return operands.map(({ tensor, argument }) => {
      const residence = this.residence(tensor);
      return { argument, residence, copy: this.copy(residence, argument) };
    });
  }

  private starts({ slab }: Residence, command: Command): void {
    if (slab.underWay.length === 0) {
      slab.underWay = [command];
      return;
    }
    // Parameters of a net that is only tested are read for ever and never written.
    if (slab.underWay.length >= 32) slab.underWay = slab.underWay.filter((earlier) => !earlier.done);
    slab.underWay.push(command);
  }

  private copy(residence: Residence, argument: number): Copy {
    const bank = this.device.bankOf(argument);
    for (const copy of residence.copies) if (copy.bank === bank) return copy;
    const buffer = this.device.allocate(residence.tensor, argument);
    const copy: Copy = { residence, bank, buffer, valid: false };
    residence.copies.push(copy);
    return copy;
  }

  /**
   * Puts the buffers of what a kernel reads and writes into `buffers`, by argument, and the commands it has to wait for into `after`. What
   * the card lacks goes there in one transfer. `preload`: what is written is read too (accumulation).
   */
  forKernel(
    reads: readonly Bound[],
    writes: readonly Bound[],
    preload: boolean,
    buffers: (DeviceBuffer | undefined)[],
    after: Command[],
  ): void {
    this.upload(reads, preload ? writes : NOTHING);
    for (const { residence, copy, argument } of reads) {
      buffers[argument] = copy.buffer;
      join(after, residence.writers);
    }
    for (const { residence, copy, argument } of writes) {
      buffers[argument] = copy.buffer;
      join(after, residence.writers);
      join(after, residence.slab.underWay);
    }
  }

  /** Sends what the card does not hold of these operands. */
  private upload(operands: readonly Bound[], more: readonly Bound[]): void {
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
      const { residence } = copy;
      residence.writers = residence.writers.length === 0 ? alone : [...residence.writers, command];
      this.starts(residence, command);
    }
  }

  /** Adds what the card does not hold to `lacking`, and what its upload has to wait for to `before`. */
  private lack(operands: readonly Bound[]): void {
    const { lacking, before } = this;
    for (const { residence, copy } of operands) {
      if (copy.valid || lacking.includes(copy)) continue;
      if (!residence.hostValid) this.download([residence]);
      if (residence.arriving) add(before, residence.arriving);
      lacking.push(copy);
    }
  }

  /** Says which commands read and wrote operands, after their launch. */
  launched(commands: readonly Command[], reads: readonly Bound[], writes: readonly Bound[]): void {
    for (const { residence } of reads) for (const command of commands) this.starts(residence, command);
    for (const { residence, copy: written } of writes) {
      for (const copy of residence.copies) copy.valid = copy === written;
      residence.hostValid = false;
      residence.arriving = undefined;
      // The launch waited for all that was under way, so it alone stands for it now.
      residence.writers = commands;
      residence.slab.underWay = commands.slice();
    }
  }

  /** Starts one transfer to the host of what it does not hold of these tensors, early where that can overlap with other work. */
  download(residences: readonly Residence[]): void {
    let lacking: Residence[] | undefined;
    for (const residence of residences) {
      if (residence.hostValid) continue;
      lacking ??= [];
      lacking.push(residence);
    }
    if (!lacking) return;
    const after: Command[] = [];
    for (const { writers } of lacking) join(after, writers);
    const buffers = lacking.map(onCard);
    const command = this.device.fromDevice(buffers, after);
    this.onTransfer?.(buffers, command, 'from');
    for (const residence of lacking) {
      residence.arriving = command;
      this.starts(residence, command);
      residence.hostValid = true;
    }
  }

  /** Makes host memory of these tensors valid; waits for transfers. */
  hostRead(residences: readonly Residence[]): void {
    this.download(residences);
    for (const residence of residences) {
      if (!residence.arriving) continue;
      this.waiting.push(residence.arriving);
      residence.arriving = undefined;
    }
    this.wait();
  }

  /** Host memory of these tensors is about to be overwritten: waits for whoever still uses it; copies go stale. */
  hostWrite(residences: readonly Residence[]): void {
    for (const residence of residences) {
      this.settleSlab(residence.slab);
      residence.arriving = undefined;
      residence.writers = NONE;
      residence.hostValid = true;
      for (const copy of residence.copies) copy.valid = false;
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

  /** Lets the card start on what it was asked for. */
  submit(): void {
    this.device.submit();
  }

  /** Waits for everything under way. */
  settle(): void {
    for (const slab of this.slabs.values()) this.settleSlab(slab);
    this.wait();
    for (const residence of this.residences.values()) {
      residence.writers = NONE;
      residence.arriving = undefined;
    }
  }

  release(): void {
    this.settle();
    for (const { copies } of this.residences.values()) for (const { buffer } of copies) this.device.release(buffer);
    this.residences.clear();
  }
}

function onCard({ tensor, copies }: Residence): DeviceBuffer {
  for (const copy of copies) if (copy.valid) return copy.buffer;
  throw internalError(`tensor ${tensor.name} is valid nowhere`);
}

/** Adds a command that is not done and not there yet. Lists are a few long, where a search beats a set. */
function add(list: Command[], command: Command): void {
  if (!command.done && !list.includes(command)) list.push(command);
}

function join(list: Command[], commands: readonly Command[]): void {
  for (const command of commands) add(list, command);
}
