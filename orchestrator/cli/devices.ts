import type { Command } from 'commander';
import { EXIT } from '../core/index.ts';
import { type Probe, probeDevices } from '../device/index.ts';
import { printer, table } from './output.ts';

interface DevicesFlags {
  json?: boolean;
}

const gigabytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);

/** One row per device: what `--device` takes for it, and what it says of itself. */
function rows(probes: readonly Probe[]) {
  return probes.flatMap(({ route, platforms }) =>
    platforms.flatMap((platform) =>
      platform.devices.map((device) => ({
        device: route === 'icd' ? platform.name : route,
        platform: platform.name,
        version: platform.version,
        name: device.name,
        memory_bytes: device.globalMemory,
        largest_buffer_bytes: device.largestBuffer,
      })),
    ),
  );
}

async function run(flags: DevicesFlags): Promise<void> {
  const out = printer(flags.json === true);
  const probes = await probeDevices();
  const found = rows(probes);
  const routes = probes.map(({ route, title, failure, mend }) => ({ route, title, failure, mend }));
  if (!out.json) {
    out.line(
      table(
        ['--device', 'name', 'memory GiB', 'largest buffer GiB', 'version'],
        found.map((d) => [
          d.device,
          d.name,
          gigabytes(d.memory_bytes),
          gigabytes(d.largest_buffer_bytes),
          d.version.split(/\s{2,}/)[0]!,
        ]),
      ),
    );
    const silent = routes.filter((r) => r.failure !== undefined);
    if (silent.length > 0) out.line();
    for (const { route, title, failure, mend } of silent) {
      out.line(`${route} (${title}): ${failure}`);
      if (mend) out.line(`  hint: ${mend}`);
    }
  }
  out.result({ devices: found, routes });
  if (found.length === 0) process.exitCode = EXIT.device;
}

/** `crema devices`, Caffe's device_query: what answers on every way to an accelerator. Each is asked in a process of its own. */
export function devices(program: Command): void {
  program
    .command('devices')
    .alias('device_query')
    .description('list accelerators: emulated card, OpenCL platforms, Xilinx Runtime')
    .option('--gpu <ids>', 'taken for compatibility with Caffe; there is no GPU here')
    .option('--json', 'one JSON object on stdout')
    .exitOverride()
    .action(run);
}
