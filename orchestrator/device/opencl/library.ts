import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPath, deviceError, nearest, usageError } from '../../core/index.ts';
import { loadOpenCl, type OpenCl } from './api.ts';
import { type DeviceInfo, devicesOf, type PlatformInfo, platforms } from './platforms.ts';

/** Where the entry points come from, and which of the platforms behind them is meant (undefined: the only one). */
export interface Route {
  readonly library: string;
  readonly platform: string | undefined;
}

export const ICD_LOADER = 'libOpenCL.so.1';
export const XRT_LIBRARY = 'libxilinxopencl.so.2';
/** Name of the emulated card's platform, as the ICD loader shows it. */
export const SIM_PLATFORM = 'crema';

export const simLibrary = (): string => buildPath('sim', 'libcrema_sim.so');

/**
 * `sim` and `xrt` open the library itself, so that no loader is needed; any other word is (part of) the name of a platform behind the ICD
 * loader, and `icd:NAME` says so expressly (`icd:sim` is the emulated card through the loader).
 */
export function routeOf(device: string): Route {
  if (device === 'sim') return { library: simLibrary(), platform: undefined };
  if (device === 'xrt') return { library: XRT_LIBRARY, platform: 'Xilinx' };
  const name = device.startsWith('icd:') ? device.slice(4) : device;
  if (name === '') throw usageError({ message: 'the device has no name', expected: 'sim, xrt or a platform' });
  return { library: ICD_LOADER, platform: name === 'sim' ? SIM_PLATFORM : name };
}

const VENDORS = '/etc/OpenCL/vendors';

/** The Xilinx Runtime behind the ICD loader, where its vendor file is registered. */
export function xilinxVendorFile(): string | undefined {
  const folder = process.env.OCL_ICD_VENDORS ?? VENDORS;
  if (folder.endsWith('.icd')) return /xilinx|amdxrt/i.test(folder) ? folder : undefined;
  if (!existsSync(folder)) return undefined;
  const found = readdirSync(folder).find(
    (file) => file.endsWith('.icd') && /xilinxopencl|xrt/i.test(file + readFileSync(join(folder, file), 'utf8')),
  );
  return found && join(folder, found);
}

/** The Xilinx Runtime ends the process (std::terminate) at the first call where this does not hold; so it is checked before. */
export function checkXrtRoot(): void {
  const root = process.env.XILINX_XRT;
  const mode = process.env.XCL_EMULATION_MODE;
  if (!root) {
    throw deviceError({
      message: 'XILINX_XRT is not set',
      expected: 'the folder whose lib/ holds libxrt_core.so.2',
      hint: "source /opt/xilinx/xrt/setup.sh (AMD's package)",
      code: 'xrt-root',
    });
  }
  if (mode !== undefined && !['sw_emu', 'hw_emu', 'noop'].includes(mode)) {
    const message = `XCL_EMULATION_MODE is "${mode}"`;
    throw deviceError({ message, expected: 'sw_emu, hw_emu, noop, or unset for a card', code: 'xrt-mode' });
  }
  const shim = join(root, 'lib', `libxrt_${mode === undefined ? 'core' : mode.replace('_', '')}.so.2`);
  if (!existsSync(shim)) {
    throw deviceError({
      message: `${shim} does not exist`,
      hint: 'point XILINX_XRT at the Xilinx Runtime',
      code: 'xrt-root',
    });
  }
}

/** Loads the library of a route after the checks that keep a bad environment from ending the process. */
export function openRoute(route: Route): OpenCl {
  if (route.library === simLibrary() && !existsSync(route.library)) {
    throw deviceError({
      message: `the emulated card ${route.library} is not built`,
      hint: 'npm run build:native',
      code: 'sim-missing',
    });
  }
  if (route.library === XRT_LIBRARY) checkXrtRoot();
  if (route.library === ICD_LOADER && !process.env.XILINX_XRT && xilinxVendorFile()) {
    throw deviceError({
      message: `${xilinxVendorFile()} is registered but XILINX_XRT is not set: any OpenCL call would end the process`,
      hint: 'source /opt/xilinx/xrt/setup.sh, or set OCL_ICD_VENDORS to a folder without that file',
      code: 'xrt-root',
    });
  }
  return loadOpenCl(route.library);
}

/** The platform and the `index`-th device that a route means. Throws a device CremaError that names what is there. */
export function findDevice(cl: OpenCl, route: Route, index: number): { platform: PlatformInfo; device: DeviceInfo } {
  const there = platforms(cl);
  const wanted = route.platform?.toLowerCase();
  // The whole name first: the emulated card has "Xilinx" in its name as well.
  const platform =
    wanted === undefined
      ? there[0]
      : (there.find((p) => p.name.toLowerCase() === wanted) ??
        there.find((p) => p.name.toLowerCase().includes(wanted)));
  if (!platform) {
    const names = there.map((p) => p.name);
    const near = nearest(route.platform ?? '', [...names, 'sim', 'xrt']);
    throw deviceError({
      message: route.platform ? `there is no OpenCL platform "${route.platform}"` : 'there is no OpenCL platform',
      expected: names.length > 0 ? `one of ${names.join(', ')}` : undefined,
      hint: near ? `did you mean ${near}?` : 'look with `crema devices`; without a card use device: sim',
      code: 'no-platform',
    });
  }
  const devices = devicesOf(cl, platform);
  const device = devices[index];
  if (!device) {
    throw deviceError({
      message: `${platform.name} has ${devices.length} devices, number ${index} was asked for`,
      hint: 'look with `crema devices`; without a card use device: sim',
      code: 'no-device',
    });
  }
  return { platform, device };
}
