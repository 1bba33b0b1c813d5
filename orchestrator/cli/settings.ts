import type { Command } from 'commander';
import { type Experiment, readExperiment } from '../recipes/index.ts';
import { whole } from './flag-values.ts';

export { sessionSettings } from '../recipes/index.ts';

/** Flags that every verb with a device takes; each overrides experiment.yaml. */
export interface CommonFlags {
  config?: string;
  set?: string[];
  device?: string;
  board?: string;
  kernelConfig?: string;
  threads?: number;
  json?: boolean;
}

const collect = (value: string, before: string[] = []) => [...before, value];

export function commonFlags(command: Command): Command {
  return command
    .option('--config <file>', 'experiment.yaml')
    .option('--set <key=value>', 'override one setting of the experiment', collect)
    .option('--device <device>', 'host, sim, xrt, or an OpenCL platform')
    .option('--board <board>', 'hls/boards/<board>.yaml')
    .option('--kernel-config <config>', 'bitstreams/<board>/<config>')
    .option('--threads <n>', 'CPU threads of host layers and emulated card', whole('--threads', 1))
    .option('--gpu <ids>', 'taken for compatibility with Caffe; there is no GPU here')
    .option('--json', 'one JSON object on stdout, the rest on stderr')
    .exitOverride();
}

/** The experiment file with flags on top. */
export function experimentOf(flags: CommonFlags): Experiment {
  const settings = [...(flags.set ?? [])];
  if (flags.device !== undefined) settings.push(`device=${flags.device}`);
  if (flags.board !== undefined) settings.push(`board=${flags.board}`);
  if (flags.kernelConfig !== undefined) settings.push(`config=${flags.kernelConfig}`);
  if (flags.threads !== undefined) settings.push(`threads=${flags.threads}`);
  return readExperiment(flags.config, settings);
}
