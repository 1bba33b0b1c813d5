import { deviceError } from '../../core/index.ts';
import { withAddresses } from '../../native/index.ts';
import { summarizeXclbin, type XclbinSummary } from '../xclbin.ts';
import { create, cString, type Handle, infoText, type OpenCl } from './api.ts';
import { check, openClError } from './errors.ts';
import { findDevice, openRoute, type Route, routeOf } from './library.ts';
import type { DeviceInfo, PlatformInfo } from './platforms.ts';
import * as c from './signatures.ts';

/** What runs on the device: an xclbin, or OpenCL C for platforms that compile (a check of the binding, not a way to train). */
export type Image =
  | { readonly kind: 'xclbin'; readonly file: string; readonly bytes: Uint8Array }
  | { readonly kind: 'source'; readonly text: string };

export interface SessionOptions {
  /** `sim`, `xrt`, or the name of a platform behind the ICD loader. */
  readonly device: string;
  /** Which device of the platform; 0 where absent. */
  readonly index?: number;
  readonly image: Image;
  /** Kernel name; `crema_engine` where absent. */
  readonly kernel?: string;
}

/** An open device with its program and kernels. */
export interface Session {
  readonly cl: OpenCl;
  readonly platform: PlatformInfo;
  readonly device: DeviceInfo;
  readonly context: Handle;
  readonly queue: Handle;
  readonly program: Handle;
  /** The kernel on any compute unit. */
  readonly kernel: Handle;
  /** The kernel bound to one compute unit each. */
  readonly units: readonly Handle[];
  readonly summary: XclbinSummary | undefined;
  /** The Xilinx Runtime starts commands by itself, and its clFlush waits for the queue to drain; others need it. */
  readonly flushes: boolean;
}

/** Compute units of `kernel` in an xclbin: their positions in IP_LAYOUT, and instance names. */
export function unitsOf(summary: XclbinSummary, kernel: string): { position: number; instance: string }[] {
  return summary.computeUnits
    .map((name, position) => ({ position, kernel: name.split(':')[0], instance: name.split(':')[1] ?? '' }))
    .filter((unit) => unit.kernel === kernel);
}

function programFromXclbin(cl: OpenCl, context: Handle, device: DeviceInfo, file: string, bytes: Uint8Array): Handle {
  const binaryStatus = new Int32Array(1);
  const doing = () => `loading ${file} on ${device.name} (status of the binary ${binaryStatus[0]})`;
  const devices = BigUint64Array.of(device.handle);
  const sizes = BigUint64Array.of(BigInt(bytes.length));
  const program = withAddresses([bytes], (binaries) =>
    create(doing, (status) => cl.clCreateProgramWithBinary(context, 1, devices, sizes, binaries, binaryStatus, status)),
  );
  build(cl, program, device);
  return program;
}

function programFromSource(cl: OpenCl, context: Handle, device: DeviceInfo, text: string): Handle {
  const doing = () => `making a program from source on ${device.name}`;
  const program = withAddresses([cString(text)], (sources) =>
    create(doing, (status) => cl.clCreateProgramWithSource(context, 1, sources, null, status)),
  );
  build(cl, program, device);
  return program;
}

function build(cl: OpenCl, program: Handle, device: DeviceInfo): void {
  const code = cl.clBuildProgram(program, 1, BigUint64Array.of(device.handle), cString(''), null, null);
  if (code === 0) return;
  const log = infoText(
    (object, name, ...rest) => cl.clGetProgramBuildInfo(object!, device.handle, name!, ...rest),
    program,
    c.PROGRAM_BUILD_LOG,
  );
  throw openClError(Number(code), `building the program on ${device.name}: ${log.slice(0, 400)}`);
}

function kernelNamed(cl: OpenCl, program: Handle, name: string): Handle {
  return create(
    () => `looking for the kernel ${name}`,
    (status) => cl.clCreateKernel(program, cString(name), status),
  );
}

/** A list of things to undo, last first, where opening fails half-way. */
type Undo = (() => void)[];

function openParts(cl: OpenCl, route: Route, options: SessionOptions, undo: Undo): Session {
  const name = options.kernel ?? 'crema_engine';
  const image = options.image;
  const summary = image.kind === 'xclbin' ? summarizeXclbin(image.file, image.bytes) : undefined;
  const instances = summary ? unitsOf(summary, name).map((unit) => `${name}:{${unit.instance}}`) : [];
  if (image.kind === 'xclbin' && instances.length === 0) {
    throw deviceError({
      message: `${image.file} has no compute unit of the kernel ${name}`,
      expected: `one of ${summary!.computeUnits.join(', ') || 'none at all'}`,
      hint: 'see `crema bitstream inspect`',
      code: 'no-kernel',
    });
  }
  const { platform, device } = findDevice(cl, route, options.index ?? 0);
  const opened = <T extends Handle>(handle: T, release: (handle: T) => unknown): T => {
    undo.push(() => void release(handle));
    return handle;
  };
  const context = opened(
    create(
      () => `opening ${device.name}`,
      (status) => cl.clCreateContext(null, 1, BigUint64Array.of(device.handle), null, null, status),
    ),
    cl.clReleaseContext,
  );
  const program = opened(
    image.kind === 'xclbin'
      ? programFromXclbin(cl, context, device, image.file, image.bytes)
      : programFromSource(cl, context, device, image.text),
    cl.clReleaseProgram,
  );
  const queue = opened(
    create(
      () => `making a command queue on ${device.name}`,
      (status) => cl.clCreateCommandQueue(context, device.handle, c.QUEUE_OUT_OF_ORDER | c.QUEUE_PROFILING, status),
    ),
    cl.clReleaseCommandQueue,
  );
  const kernel = opened(kernelNamed(cl, program, name), cl.clReleaseKernel);
  const units = instances.map((instance) => opened(kernelNamed(cl, program, instance), cl.clReleaseKernel));
  const flushes = image.kind === 'source';
  return { cl, platform, device, context, queue, program, kernel, units, summary, flushes };
}

/** Opens a device and loads its program. Throws an input CremaError for a bad xclbin, a device CremaError for the rest; leaves nothing open then. */
export function openSession(options: SessionOptions): Session {
  const route = routeOf(options.device);
  const undo: Undo = [];
  try {
    return openParts(openRoute(route), route, options, undo);
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

export function closeSession(session: Session): void {
  const { cl } = session;
  for (const kernel of [...session.units, session.kernel])
    check(cl.clReleaseKernel(kernel), () => 'releasing a kernel');
  check(cl.clReleaseCommandQueue(session.queue), () => 'releasing the command queue');
  check(cl.clReleaseProgram(session.program), () => 'releasing the program');
  check(cl.clReleaseContext(session.context), () => 'releasing the context');
}
