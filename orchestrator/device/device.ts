import type { Tensor } from '../blob/index.ts';

/** What a device session reports of one finished command. Nanoseconds on the device's clock. */
export interface CommandTimes {
  readonly queued: number;
  readonly start: number;
  readonly end: number;
}

/** A handle of device memory that mirrors one tensor. */
export interface DeviceBuffer {
  readonly tensor: Tensor;
  readonly bytes: number;
}

/** Something enqueued; later commands may wait for it. Buffers it uses stay pinned until it completes. */
export interface Command {
  readonly label: string;
  /** Known to have succeeded: it may stay in wait lists, where it no longer counts. One that failed never is, so whoever waits for it is told. */
  readonly done: boolean;
  /** Times on the device's clock, once done. */
  readonly times: CommandTimes | undefined;
}

export interface LaunchRequest {
  readonly label: string;
  /** Compute unit index, or undefined for any. */
  readonly computeUnit?: number;
  /** Operands in the kernel's argument order: a, b, c, bias. `undefined` where an op does not use one. */
  readonly operands: readonly (DeviceBuffer | undefined)[];
  /** Op descriptors, 256 bytes each (hls/engine/descriptor.hpp). Uploaded once per label and content, so keep labels unique, and do not change the array. */
  readonly descriptors: Uint8Array;
}

/** Running totals of a session. `busyNanoseconds` sums launches (not transfers) on the device's clock. */
export interface DeviceCounters {
  launches: number;
  bytesToDevice: number;
  bytesFromDevice: number;
  busyNanoseconds: number;
}

/** The door to an accelerator. Transfers and launches gather until `submit` or `wait`; `wait` is the only call that takes time. */
export interface Device {
  readonly name: string;
  /** It is the emulated card, on whatever way it was opened: its times are those of the emulation. */
  readonly emulated: boolean;
  /** Compute units of the kernel; a launch may name one of them. */
  readonly computeUnits: number;
  readonly counters: DeviceCounters;
  /** The memory bank that a kernel argument is wired to; arguments of one bank share buffers. */
  bankOf(argument: number): number;
  /** Bind host memory of a tensor to memory of the card in the bank that the kernel's argument is wired to. */
  allocate(tensor: Tensor, argument: number): DeviceBuffer;
  /** Gives card memory back, once the commands that use it have completed. */
  release(buffer: DeviceBuffer): void;
  toDevice(buffers: readonly DeviceBuffer[], after?: readonly Command[]): Command;
  fromDevice(buffers: readonly DeviceBuffer[], after?: readonly Command[]): Command;
  launch(request: LaunchRequest, after?: readonly Command[]): Command;
  /** Starts what has gathered. Throws a device CremaError where the runtime refuses any of it; what was behind it has failed, too. */
  submit(): void;
  /** Submits, and blocks until all have completed; throws a device CremaError on failure, or where no command finishes within the deadline. */
  wait(commands: readonly Command[]): void;
  /** Ends the session. After an expired deadline nothing is released: only the end of the process frees the card. */
  close(): void;
}
