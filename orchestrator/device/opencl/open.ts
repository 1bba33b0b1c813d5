import { Tensor } from '../../blob/index.ts';
import { deviceError, inputError, internalError } from '../../core/index.ts';
import type { Command, Device, DeviceBuffer, DeviceCounters, LaunchRequest } from '../device.ts';
import { Buffers, type OpenClBuffer } from './buffers.ts';
import { Commands, type OpenClCommand } from './commands.ts';
import { Descriptors } from './descriptors.ts';
import { DESCRIPTORS, Kernel, LAUNCH_WORDS } from './kernel.ts';
import { SIM_PLATFORM } from './library.ts';
import { closeSession, openSession, type Session, type SessionOptions } from './session.ts';
import * as c from './signatures.ts';

export interface DeviceOptions extends SessionOptions {
  /** Kernel ABI that our op descriptors speak; an xclbin built for another is refused. */
  readonly abi?: number;
  /** Seconds without any command finishing after which `wait` gives up; 120 where absent. */
  readonly deadline?: number;
}

const DESCRIPTOR_BYTES = 256;

function checkAbi(session: Session, options: DeviceOptions): void {
  const found = session.summary?.crema?.abi;
  if (options.abi === undefined || found === undefined || found === options.abi) return;
  const file = options.image.kind === 'xclbin' ? options.image.file : 'the program';
  throw inputError({
    message: `${file} has the kernel ABI ${JSON.stringify(found)}`,
    expected: `${options.abi}`,
    hint: 'it was built by another version of Crema: rebuild it with `crema bitstream build`',
    code: 'kernel-abi',
  });
}

const several: string[] = [];
/** Every transfer has a label; few are ever read. */
function severalBuffers(count: number): string {
  several[count] ??= `${count} buffers`;
  return several[count];
}

class OpenClDevice implements Device {
  readonly name: string;
  readonly emulated: boolean;
  readonly computeUnits: number;
  readonly counters: DeviceCounters = { launches: 0, bytesToDevice: 0, bytesFromDevice: 0, busyNanoseconds: 0 };
  private readonly session: Session;
  private readonly buffers: Buffers;
  private readonly commands: Commands;
  /** The kernel on any compute unit, and bound to each. */
  private readonly anyUnit: Kernel;
  private readonly units: readonly Kernel[];
  private readonly descriptors: Descriptors;
  private readonly live = new Set<OpenClBuffer>();
  /** Stand-ins for operands an op does not use: a kernel runs only with every argument set. */
  private readonly unused = new Map<number, OpenClBuffer>();
  private closed = false;

  constructor(session: Session, options: DeviceOptions) {
    this.session = session;
    this.name = `${session.platform.name}: ${session.device.name}`;
    this.emulated = session.platform.name.toLowerCase().includes(SIM_PLATFORM);
    this.computeUnits = Math.max(1, session.units.length);
    this.buffers = new Buffers(session, options.kernel ?? 'crema_engine');
    this.anyUnit = new Kernel(session.kernel);
    this.units = session.units.map((kernel) => new Kernel(kernel));
    this.commands = new Commands(session, options.deadline ?? 120, (command) => this.finished(command));
    this.descriptors = new Descriptors({
      allocate: (tensor) => this.allocate(tensor, DESCRIPTORS),
      upload: (buffer) => this.toDevice([buffer]),
      release: (buffer) => this.release(buffer),
      settle: (buffer) => this.commands.settle(buffer),
    });
  }

  bankOf(argument: number): number {
    return this.buffers.bankOf(argument);
  }

  allocate(tensor: Tensor, argument: number): OpenClBuffer {
    this.commands.submit(); // allocation sets an argument of a kernel that the list may be about to launch
    const buffer = this.buffers.allocate(tensor, argument);
    this.forgetArguments();
    this.live.add(buffer);
    return buffer;
  }

  /** A new buffer may get the handle of a freed one, and allocation sets arguments itself. */
  private forgetArguments(): void {
    this.anyUnit.forget();
    for (const unit of this.units) unit.forget();
  }

  release(buffer: DeviceBuffer): void {
    const own = this.own(buffer);
    if (own.released) return;
    own.released = true;
    if (own.uses > 0) this.commands.sweep();
    if (own.uses === 0) this.free(own);
  }

  private free(buffer: OpenClBuffer): void {
    if (!this.live.delete(buffer)) return;
    this.forgetArguments();
    this.buffers.free(buffer);
  }

  private own(buffer: DeviceBuffer): OpenClBuffer {
    if ((buffer as OpenClBuffer).session !== this.session) {
      throw internalError(`the device buffer of ${buffer.tensor.name} belongs to another session`);
    }
    return buffer as OpenClBuffer;
  }

  private finished(command: OpenClCommand): void {
    // Of a launch that was refused nobody knows which arguments it has set.
    if (command.status < 0) this.forgetArguments();
    if (command.kind === 'launch' && command.times) {
      this.counters.busyNanoseconds += command.times.end - command.times.start;
    }
    for (const buffer of command.buffers) if (buffer.released && buffer.uses === 0) this.free(buffer);
  }

  toDevice(buffers: readonly DeviceBuffer[], after: readonly Command[] = []): Command {
    const command = this.migrate('upload', buffers, after, 0);
    for (const buffer of buffers) this.counters.bytesToDevice += buffer.bytes;
    return command;
  }

  fromDevice(buffers: readonly DeviceBuffer[], after: readonly Command[] = []): Command {
    const command = this.migrate('download', buffers, after, c.MIGRATE_TO_HOST);
    for (const buffer of buffers) this.counters.bytesFromDevice += buffer.bytes;
    return command;
  }

  private migrate(
    kind: 'upload' | 'download',
    buffers: readonly DeviceBuffer[],
    after: readonly Command[],
    flags: number,
  ): OpenClCommand {
    const { commands } = this;
    const { list } = commands;
    const count = buffers.length;
    if (count === 0) return commands.start('marker', 'nothing', [], 0, after); // done when those before it are
    for (const buffer of buffers) this.own(buffer);
    const own = buffers as readonly OpenClBuffer[];
    const label = count === 1 ? own[0]!.tensor.name : severalBuffers(count);
    const command = commands.start(kind, label, own, 2 + 2 * count, after);
    list.put(flags);
    list.put(count);
    for (const buffer of own) list.putHandle(buffer);
    return command;
  }

  launch(request: LaunchRequest, after: readonly Command[] = []): Command {
    const { label, operands, descriptors } = request;
    if (descriptors.length === 0 || descriptors.length % DESCRIPTOR_BYTES !== 0 || operands.length > DESCRIPTORS) {
      throw internalError(`${label}: ${descriptors.length} bytes of descriptors, ${operands.length} operands`);
    }
    const { commands } = this;
    const kernel = this.kernelOf(request);
    const list = this.descriptors.get(label, descriptors);
    const used: OpenClBuffer[] = [];
    for (let i = 0; i < DESCRIPTORS; i++) used.push(this.operand(i, operands[i]));
    used.push(list.buffer);
    const command = commands.start('launch', label, used, LAUNCH_WORDS, after, list.upload);
    kernel.record(commands.list, used, descriptors.length / DESCRIPTOR_BYTES);
    this.counters.launches++;
    return command;
  }

  private kernelOf({ label, computeUnit }: LaunchRequest): Kernel {
    if (computeUnit === undefined) return this.anyUnit;
    const kernel = this.units[computeUnit] ?? (computeUnit === 0 ? this.anyUnit : undefined);
    if (kernel !== undefined) return kernel;
    throw deviceError({
      message: `${label} asks for compute unit ${computeUnit}`,
      expected: `one of the ${this.computeUnits} there are`,
      code: 'no-compute-unit',
    });
  }

  private operand(argument: number, buffer: DeviceBuffer | undefined): OpenClBuffer {
    if (buffer) return this.own(buffer);
    let standIn = this.unused.get(argument);
    if (!standIn) {
      standIn = this.allocate(new Tensor(`unused argument ${argument}`, 16), argument);
      this.unused.set(argument, standIn);
    }
    return standIn;
  }

  submit(): void {
    this.commands.submit();
  }

  wait(commands: readonly Command[]): void {
    this.commands.wait(commands as readonly OpenClCommand[]);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.commands.drain();
    if (this.commands.wedged) return;
    this.descriptors.clear();
    for (const buffer of [...this.live]) this.release(buffer);
    closeSession(this.session);
  }
}

/**
 * Opens an accelerator through OpenCL and checks its program before the first launch. Throws a usage, input (xclbin) or device CremaError.
 * Native calls block this process where a card hangs: sessions of training belong in a process that a supervisor may end.
 */
export function openDevice(options: DeviceOptions): Device {
  const session = openSession(options);
  try {
    checkAbi(session, options);
    return new OpenClDevice(session, options);
  } catch (error) {
    closeSession(session);
    throw error;
  }
}
