/** Lists what one OpenCL library offers, in a process that may be ended by it: `probe-child sim|xrt|icd`. Prints one JSON object. */
import { loadOpenCl } from './opencl/api.ts';
import { ICD_LOADER, openRoute, routeOf } from './opencl/library.ts';
import { devicesOf, platforms } from './opencl/platforms.ts';

const what = process.argv[2] ?? 'sim';
try {
  const cl = openRoute(what === 'icd' ? { library: ICD_LOADER, platform: undefined } : routeOf(what));
  const found = platforms(loadOpenCl(cl.library.path)).map((platform) => ({
    name: platform.name,
    vendor: platform.vendor,
    version: platform.version,
    devices: devicesOf(cl, platform).map(({ handle: _, ...device }) => device),
  }));
  process.stdout.write(`${JSON.stringify({ platforms: found })}\n`);
} catch (error) {
  const problem = (error as { problems?: { message: string; hint?: string }[] }).problems?.[0];
  process.stdout.write(`${JSON.stringify({ message: problem?.message ?? String(error), hint: problem?.hint })}\n`);
}
// XRT's threads may still run: leave without waiting for them.
process.exit(0);
