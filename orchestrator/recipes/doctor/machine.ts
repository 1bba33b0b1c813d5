import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { native } from '../../native/index.ts';
import type { Finding } from './finding.ts';

/** First line that a program prints about its version, or undefined where it cannot be run. */
function version(program: string, args: readonly string[]): string | undefined {
  const done = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 });
  return done.error ? undefined : done.stdout.split('\n')[0]?.trim();
}

const NODE = 20;
const COMPILER = 12;

function node(): Finding {
  const fits = Number(process.versions.node.split('.')[0]) >= NODE;
  const base = { group: 'machine', name: 'Node', needed: true } as const;
  return fits
    ? { ...base, state: 'ok', detail: process.version }
    : { ...base, state: 'stale', detail: process.version, mend: `install Node ${NODE} or newer: https://nodejs.org` };
}

/** Compiler and friends are needed as long as something is to be built. */
function tool(name: string, args: readonly string[], mend: string, needed: boolean, least?: number): Finding {
  const base = { group: 'machine', name, needed } as const;
  const found = version(name, args);
  if (found === undefined) return { ...base, state: 'missing', detail: 'builds the native libraries', mend };
  const old = least !== undefined && Number(found.split('.')[0]) < least;
  return { ...base, state: old ? 'stale' : 'ok', detail: old ? `${found}, ${least} or newer is wanted` : found, mend };
}

function ffi(): Finding {
  const base = { group: 'machine', name: 'FFI', needed: true } as const;
  try {
    return { ...base, state: 'ok', detail: native().name };
  } catch (error) {
    const detail = (error as Error).message.split('\n')[0]!;
    return { ...base, state: 'missing', detail, mend: 'npm ci, and CREMA_FFI=koffi or unset' };
  }
}

/** Node, compiler, headers and the FFI package. `built`: nothing is left to build. */
export function examineMachine(built: boolean): Finding[] {
  const headers = '/usr/include/CL/cl_icd.h';
  const there = existsSync(headers);
  return [
    node(),
    ffi(),
    tool('g++', ['-dumpfullversion'], 'apt-get install g++', !built, COMPILER),
    tool('make', ['--version'], 'apt-get install make', !built),
    {
      group: 'machine',
      name: 'OpenCL headers',
      state: there ? 'ok' : 'missing',
      detail: there ? headers : 'build the emulated card',
      needed: !built,
      mend: 'apt-get install opencl-c-headers',
    },
  ];
}
