import { type Handle, infoNumber, infoText, type OpenCl } from './api.ts';
import { check } from './errors.ts';
import * as c from './signatures.ts';

export interface PlatformInfo {
  readonly handle: Handle;
  readonly name: string;
  readonly vendor: string;
  readonly version: string;
}

export interface DeviceInfo {
  readonly handle: Handle;
  readonly name: string;
  readonly version: string;
  /** Bytes, as the device states them. */
  readonly globalMemory: number;
  readonly largestBuffer: number;
}

/** What "there is none" looks like: the standard gives a count of 0, the Xilinx Runtime -1, the ICD loader -1001. */
const NONE = new Set<unknown>([-1, -1001]);

function list(
  call: (count: number, out: BigUint64Array | null, found: Uint32Array) => unknown,
  what: string,
): bigint[] {
  const found = new Uint32Array(1);
  const code = call(0, null, found);
  if (NONE.has(code) || (code === 0 && found[0] === 0)) return [];
  check(code as number, () => `listing ${what}`);
  const handles = new BigUint64Array(found[0]!);
  check(call(handles.length, handles, found) as number, () => `listing ${what}`);
  return [...handles];
}

export function platforms(cl: OpenCl): PlatformInfo[] {
  return list((n, out, found) => cl.clGetPlatformIDs(n, out, found), 'OpenCL platforms').map((handle) => ({
    handle,
    name: infoText(cl.clGetPlatformInfo, handle, c.PLATFORM_NAME),
    vendor: infoText(cl.clGetPlatformInfo, handle, c.PLATFORM_VENDOR),
    version: infoText(cl.clGetPlatformInfo, handle, c.PLATFORM_VERSION),
  }));
}

export function devicesOf(cl: OpenCl, platform: PlatformInfo): DeviceInfo[] {
  const what = `devices of ${platform.name}`;
  return list((n, out, found) => cl.clGetDeviceIDs(platform.handle, c.DEVICE_TYPE_ALL, n, out, found), what).map(
    (handle) => ({
      handle,
      name: infoText(cl.clGetDeviceInfo, handle, c.DEVICE_NAME),
      version: infoText(cl.clGetDeviceInfo, handle, c.DEVICE_VERSION),
      globalMemory: infoNumber(cl.clGetDeviceInfo, handle, c.DEVICE_GLOBAL_MEM_SIZE),
      largestBuffer: infoNumber(cl.clGetDeviceInfo, handle, c.DEVICE_MAX_MEM_ALLOC_SIZE),
    }),
  );
}
