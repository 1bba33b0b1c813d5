import { spawn } from 'node:child_process';
import { childExecArgv, programFile } from '../core/index.ts';

export interface ListedDevice {
  readonly name: string;
  readonly version: string;
  /** Bytes. */
  readonly globalMemory: number;
  readonly largestBuffer: number;
}

export interface ListedPlatform {
  readonly name: string;
  readonly vendor: string;
  readonly version: string;
  readonly devices: readonly ListedDevice[];
}

/** One way to reach accelerators, and what was found there. */
export interface Probe {
  /** What `--device` takes for it: `sim`, `xrt`, or `icd` for any platform by its name. */
  readonly route: 'sim' | 'xrt' | 'icd';
  readonly title: string;
  readonly platforms: readonly ListedPlatform[];
  /** Why nothing was found; undefined where the library answered. */
  readonly failure: string | undefined;
  /** The command that mends it. */
  readonly mend: string | undefined;
}

const ROUTES: readonly Pick<Probe, 'route' | 'title'>[] = [
  { route: 'sim', title: 'emulated card' },
  { route: 'icd', title: 'OpenCL platforms behind the ICD loader' },
  { route: 'xrt', title: 'Xilinx Runtime' },
];

interface Answer {
  readonly platforms?: readonly ListedPlatform[];
  readonly message?: string;
  readonly hint?: string;
}

/** Runs the child; how it ended, where it did not answer. Libraries may abort, exit or hang: all three are answers. */
function ask(route: string, milliseconds: number): Promise<Answer> {
  const file = programFile('orchestrator/device/probe-child');
  return new Promise((resolve) => {
    // Its own process group: XRT's emulation signals the whole group when it fails.
    const child = spawn(process.execPath, [...childExecArgv, file, route], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let output = '';
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      child.kill('SIGKILL');
    }, milliseconds);
    child.stdout.on('data', (bytes) => {
      output += bytes;
    });
    child.on('error', (error) => resolve({ message: error.message }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(parse(output) ?? { message: ending(expired, milliseconds, code, signal) });
    });
  });
}

function ending(expired: boolean, milliseconds: number, code: number | null, signal: string | null): string {
  if (expired) return `it did not answer within ${milliseconds / 1000} s`;
  return `it ended the process that asked (${signal ?? `exit code ${code}`})`;
}

function parse(output: string): Answer | undefined {
  // Libraries print banners on stdout; the answer is the last line.
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Answer;
  } catch {
    return undefined;
  }
}

/** Looks at every way to an accelerator, each in a process of its own. Never throws for what it finds. */
export async function probeDevices(milliseconds = 20_000): Promise<Probe[]> {
  return Promise.all(
    ROUTES.map(async ({ route, title }) => {
      const answer = await ask(route, milliseconds);
      const found = answer.platforms ?? [];
      const empty = found.length === 0 ? 'no platform: no card is visible' : undefined;
      const failure = answer.platforms ? empty : (answer.message ?? 'no answer');
      const mend = answer.hint ?? (answer.platforms && empty ? HINTS[route] : undefined);
      return { route, title, platforms: found, failure, mend };
    }),
  );
}

const HINTS: Record<Probe['route'], string> = {
  sim: 'npm run build:native',
  icd: 'apt-get install pocl-opencl-icd (a CPU platform, for checks); not needed for the emulated card',
  xrt: "check the card with xrt-smi examine; without one use device: sim, or AMD's emulation by XCL_EMULATION_MODE",
};

/** Devices for `crema devices`: what to write after `--device`, and what answers to it. */
export async function listDevices(): Promise<{ device: string; platform: ListedPlatform; info: ListedDevice }[]> {
  const probes = await probeDevices();
  return probes.flatMap(({ route, platforms }) =>
    platforms.flatMap((platform) =>
      platform.devices.map((info) => ({ device: route === 'icd' ? platform.name : route, platform, info })),
    ),
  );
}
