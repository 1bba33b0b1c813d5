import type { CType } from '../../native/index.ts';

type Signature = readonly [returns: CType, parameters: readonly CType[]];

const P = 'pointer';

/** `clGet…Info(object, name, size, value, written)`. */
const info: Signature = ['i32', ['u64', 'u32', 'size', P, P]];
const release: Signature = ['i32', ['u64']];
/** Ends of every enqueue: number of events waited for, their list, the new event. */
const events: readonly CType[] = ['u32', P, P];

/**
 * The OpenCL 1.2 entry points that this program uses, all of them. Handles are u64; bit fields are u64, booleans and enumerations u32.
 * The list stays within what the Xilinx Runtime implements: whoever runs these runs Crema.
 */
export const SIGNATURES = {
  clGetPlatformIDs: ['i32', ['u32', P, P]],
  clGetPlatformInfo: info,
  clGetDeviceIDs: ['i32', ['u64', 'u64', 'u32', P, P]],
  clGetDeviceInfo: info,
  clCreateContext: ['u64', [P, 'u32', P, P, P, P]],
  clReleaseContext: release,
  clCreateCommandQueue: ['u64', ['u64', 'u64', 'u64', P]],
  clReleaseCommandQueue: release,
  clCreateBuffer: ['u64', ['u64', 'u64', 'size', P, P]],
  clReleaseMemObject: release,
  clCreateProgramWithBinary: ['u64', ['u64', 'u32', P, P, P, P, P]],
  clCreateProgramWithSource: ['u64', ['u64', 'u32', P, P, P]],
  clBuildProgram: ['i32', ['u64', 'u32', P, P, P, P]],
  clGetProgramBuildInfo: ['i32', ['u64', 'u64', 'u32', 'size', P, P]],
  clReleaseProgram: release,
  clCreateKernel: ['u64', ['u64', P, P]],
  clReleaseKernel: release,
  clSetKernelArg: ['i32', ['u64', 'u32', 'size', P]],
  clEnqueueMigrateMemObjects: ['i32', ['u64', 'u32', P, 'u64', ...events]],
  clEnqueueTask: ['i32', ['u64', 'u64', ...events]],
  clEnqueueMarkerWithWaitList: ['i32', ['u64', ...events]],
  clFlush: ['i32', ['u64']],
  clGetEventInfo: info,
  clGetEventProfilingInfo: info,
  clReleaseEvent: release,
} as const satisfies Record<string, Signature>;

export type EntryPoint = keyof typeof SIGNATURES;

// Values of cl.h, by the names they have there without the prefix.
export const PLATFORM_VERSION = 0x0901;
export const PLATFORM_NAME = 0x0902;
export const PLATFORM_VENDOR = 0x0903;
export const DEVICE_TYPE_ALL = 0xffffffff;
export const DEVICE_GLOBAL_MEM_SIZE = 0x101f;
export const DEVICE_MAX_MEM_ALLOC_SIZE = 0x1010;
export const DEVICE_NAME = 0x102b;
export const DEVICE_VERSION = 0x102f;
export const QUEUE_OUT_OF_ORDER = 1;
export const QUEUE_PROFILING = 2;
export const MEM_READ_WRITE = 1;
export const MEM_USE_HOST_PTR = 8;
export const MIGRATE_TO_HOST = 1;
export const PROGRAM_BUILD_LOG = 0x1183;
