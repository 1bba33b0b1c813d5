import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPath } from '../../orchestrator/core/index.ts';

/** The demo kernel of demo-engine.cpp in OpenCL C, for platforms that compile. */
export const DEMO_SOURCE = `__kernel void crema_engine(__global const float *a, __global const float *b, __global float *c,
    __global const float *bias, __global const uint *ops, uint count) {
  for (uint k = 0; k < count; k++, ops += 64)
    for (uint i = ops[2]; i < ops[2] + ops[1]; i++) c[i] = a[i] * (float)ops[0] + b[i] + bias[0];
}`;

/** The compiled demo kernel; built when absent or older than its source. */
export function demoEngine(): Uint8Array {
  const source = fileURLToPath(new URL('./demo-engine.cpp', import.meta.url));
  const library = buildPath('test', 'demo-engine.so');
  if (!existsSync(library) || statSync(library).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(buildPath('test'), { recursive: true });
    const fresh = `${library}.${process.pid}`;
    execFileSync('g++', ['-std=c++17', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-shared', '-o', fresh, source]);
    renameSync(fresh, library);
  }
  return readFileSync(library);
}

export interface DemoOptions {
  /** Bytes of each bank. */
  readonly banks?: readonly number[];
  /** Bank per global argument. */
  readonly wiring?: readonly number[];
  readonly computeUnits?: number;
  readonly abi?: number;
  /** Section kinds left out. */
  readonly omit?: readonly number[];
}

const NAMES = ['a', 'b', 'c', 'bias', 'ops'];

function metadata(units: readonly string[], bases: readonly number[]): string {
  const global = (name: string, i: number) =>
    `<arg name="${name}" addressQualifier="1" id="${i}" port="M_AXI_GMEM" size="0x8" offset="0x${(0x10 + 12 * i).toString(16)}" hostOffset="0x0" hostSize="0x8" type="void*"/>`;
  const count =
    '<arg name="n_ops" addressQualifier="0" id="5" port="S_AXI_CONTROL" size="0x4" offset="0x4c" hostOffset="0x0" hostSize="0x4" type="uint"/>';
  const instances = units.map(
    (unit, i) =>
      `<instance name="${unit}"><addrRemap base="0x${bases[i]!.toString(16)}" range="0x10000" port="S_AXI_CONTROL"/></instance>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?><project name="demo"><platform vendor="crema" boardid="demo" name="demo" featureRomTime="0">
<version major="0" minor="0"/><description/><device name="fpga0" fpgaDevice="none" addrWidth="0"><core name="OCL_REGION_0" target="sw_emu" type="clc_region" clockFreq="0MHz" numComputeUnits="60">
<kernelClocks><clock port="KERNEL_CLK" frequency="300MHz"/><clock port="DATA_CLK" frequency="300MHz"/></kernelClocks>
<kernel name="crema_engine" language="c" attributes="" preferredWorkGroupSizeMultiple="0" workGroupSize="1" interrupt="true" hwControlProtocol="ap_ctrl_hs">
<port name="M_AXI_GMEM" mode="master" range="0xFFFFFFFFFFFFFFFF" dataWidth="512" portType="addressable" base="0x0"/>
<port name="S_AXI_CONTROL" mode="slave" range="0x10000" dataWidth="32" portType="addressable" base="0x0"/>
${NAMES.map(global).join('\n')}\n${count}\n<compileWorkGroupSize x="1" y="1" z="1"/><maxWorkGroupSize x="1" y="1" z="1"/>
${instances.join('\n')}\n</kernel></core></device></platform></project>\n`;
}

/** Records of one size after a count. */
function records<T>(items: readonly T[], head: number, size: number, write: (item: T, at: number, b: Buffer) => void) {
  const bytes = Buffer.alloc(head + size * items.length);
  bytes.writeInt32LE(items.length, 0);
  items.forEach((item, i) => {
    write(item, head + size * i, bytes);
  });
  return bytes;
}

/** An xclbin around the demo kernel: header, then sections on multiples of 8 bytes. */
export function demoXclbin(options: DemoOptions = {}): Uint8Array {
  const banks = options.banks ?? [2 ** 30];
  const units = Array.from({ length: options.computeUnits ?? 1 }, (_, i) => `crema_engine_${i + 1}`);
  const bases = units.map((_, i) => 0x1810000 + 0x10000 * i);
  const connections = units.flatMap((_, ip) => NAMES.map((_, arg) => [arg, ip, options.wiring?.[arg] ?? 0]));
  const sections: [number, string, Uint8Array][] = [
    [0, 'bitstream', demoEngine()],
    [2, 'metadata', Buffer.from(metadata(units, bases))],
    [
      6,
      'mem',
      records(banks, 8, 40, (bytes, at, b) => {
        b[at] = 1;
        b[at + 1] = 1;
        b.writeBigUInt64LE(BigInt(bytes / 1024), at + 8);
        b.writeBigUInt64LE(BigInt(banks.indexOf(bytes)) << 40n, at + 16);
        b.write(`DDR[${(at - 8) / 40}]`, at + 24, 'latin1');
      }),
    ],
    [
      7,
      'conn',
      records(connections, 4, 12, (c, at, b) => {
        c.forEach((v, j) => {
          b.writeInt32LE(v!, at + 4 * j);
        });
      }),
    ],
    [
      8,
      'ip',
      records(units, 8, 80, (unit, at, b) => {
        b.writeUInt32LE(1, at);
        b.writeUInt32LE(1, at + 4);
        b.writeBigUInt64LE(BigInt(bases[units.indexOf(unit)]!), at + 8);
        b.write(`crema_engine:${unit}`, at + 16, 'latin1');
      }),
    ],
    [
      14,
      'build',
      Buffer.from(JSON.stringify({ build_metadata: { crema: { abi: options.abi ?? 1, config: 'demo' } } })),
    ],
  ];
  return axlf(sections.filter(([kind]) => !options.omit?.includes(kind)));
}

function axlf(sections: readonly [number, string, Uint8Array][]): Uint8Array {
  let end = 456 + 40 * sections.length;
  const offsets = sections.map(([, , data]) => {
    const at = (end + 7) & ~7;
    end = at + data.length;
    return at;
  });
  const file = Buffer.alloc((end + 7) & ~7);
  file.write('xclbin2\0', 0, 'latin1');
  file.writeInt32LE(-1, 8);
  file.fill(0xff, 12, 40);
  file.writeBigUInt64LE(BigInt(file.length), 304);
  file[330] = 2;
  file[331] = 13;
  file.writeUInt16LE(5, 332);
  file.write('crema_demo', 352, 'latin1');
  sections.forEach(([kind, name, data], i) => {
    const at = 456 + 40 * i;
    file.writeUInt32LE(kind, at);
    file.write(name, at + 4, 'latin1');
    file.writeBigUInt64LE(BigInt(offsets[i]!), at + 24);
    file.writeBigUInt64LE(BigInt(data.length), at + 32);
    file.set(data, offsets[i]);
  });
  file.writeUInt32LE(sections.length, 448);
  createHash('md5').update(file).digest().copy(file, 416);
  return file;
}

const XRT_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/opt/xilinx/xrt/lib'];

/** Makes a folder that the Xilinx Runtime takes for its root (distributions keep the libraries elsewhere); undefined where it is not installed. */
export function privateXrtRoot(folder: string): string | undefined {
  const home = XRT_FOLDERS.find((f) => existsSync(join(f, 'libxrt_noop.so.2')));
  if (!home) return undefined;
  mkdirSync(join(folder, 'lib'), { recursive: true });
  for (const name of ['core', 'swemu', 'hwemu', 'noop']) {
    const library = `libxrt_${name}.so.2`;
    if (existsSync(join(home, library))) symlinkSync(join(home, library), join(folder, 'lib', library));
  }
  return folder;
}
