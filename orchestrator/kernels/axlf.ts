import { createHash } from 'node:crypto';
import { deviceError } from '../core/index.ts';

/** Section kinds of the container, by their numbers in the runtime's public header. */
export const SECTION = {
  BITSTREAM: 0,
  EMBEDDED_METADATA: 2,
  MEM_TOPOLOGY: 6,
  CONNECTIVITY: 7,
  IP_LAYOUT: 8,
  CLOCK_FREQ_TOPOLOGY: 11,
  BUILD_METADATA: 14,
  GROUP_TOPOLOGY: 26,
  GROUP_CONNECTIVITY: 27,
} as const;
export type SectionName = keyof typeof SECTION;

export interface Section {
  readonly kind: number;
  readonly name: string;
  readonly data: Uint8Array;
}

export interface Container {
  /** 0 = hardware, 4 = hw_emu, 5 = sw_emu. */
  readonly mode: number;
  /** Platform name the container is made for. */
  readonly platform: string;
  /** 32 hexadecimal digits; identifies the program to the runtime. */
  readonly uuid: string;
  readonly sections: readonly Section[];
}

const MAGIC = 'xclbin2\0';
/** Magic, signature, key block and unique id come before the fixed header; section headers follow it. */
const HEADER = 304;
const SECTIONS = 456;
const SECTION_HEADER = 40;
const align8 = (n: number) => Math.ceil(n / 8) * 8;

/** Writes an axlf ("xclbin2") container; the same input gives the same bytes. Sections start on multiples of 8. */
export function writeContainer(container: Omit<Container, 'uuid'>): Uint8Array {
  const { sections } = container;
  let end = SECTIONS + SECTION_HEADER * sections.length;
  const starts = sections.map(({ data }) => {
    const start = align8(end);
    end = start + data.length;
    return start;
  });
  const out = Buffer.alloc(align8(end));
  out.write(MAGIC, 0, 'latin1');
  out.writeInt32LE(-1, 8); // no signature
  out.fill(0xff, 12, 40);
  out.writeBigUInt64LE(1n, 296);
  out.writeBigUInt64LE(BigInt(out.length), HEADER);
  out[HEADER + 26] = 2; // format version 2.13: what the oldest supported runtime writes
  out[HEADER + 27] = 13;
  out.writeUInt16LE(container.mode, HEADER + 28);
  out.write(container.platform.slice(0, 63), HEADER + 48, 'latin1');
  const digest = createHash('sha256').update(container.platform);
  for (const { kind, data } of sections) digest.update(`${kind}:${data.length}:`).update(data);
  digest.digest().copy(out, HEADER + 112, 0, 16);
  out.writeUInt32LE(sections.length, HEADER + 144);
  sections.forEach(({ kind, name, data }, i) => {
    const at = SECTIONS + SECTION_HEADER * i;
    out.writeUInt32LE(kind, at);
    out.write(name.slice(0, 15), at + 4, 'latin1');
    out.writeBigUInt64LE(BigInt(starts[i]!), at + 24);
    out.writeBigUInt64LE(BigInt(data.length), at + 32);
    out.set(data, starts[i]!);
  });
  return out;
}

export const textAt = (bytes: Buffer, at: number, length: number): string =>
  bytes.toString('latin1', at, at + length).replace(/\0[\s\S]*$/, '');

/** Reads a container, every offset checked against the file's length. @throws CremaError device for foreign or cut files. */
export function readContainer(file: Uint8Array, name = 'xclbin'): Container {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const refuse = (message: string, expected: string) =>
    deviceError({
      message: `${name}: ${message}`,
      expected,
      hint: 'rebuild it: crema bitstream build',
      code: 'bad-xclbin',
    });
  if (bytes.toString('latin1', 0, 8) !== MAGIC)
    throw refuse('this is not an xclbin', 'a file that starts with xclbin2');
  const total = bytes.length >= SECTIONS ? Number(bytes.readBigUInt64LE(HEADER)) : Number.NaN;
  if (total !== bytes.length) {
    throw refuse(
      `the file has ${bytes.length} bytes`,
      `${Number.isNaN(total) ? 'at least 456' : total}: it is truncated`,
    );
  }
  const count = bytes.readUInt32LE(HEADER + 144);
  if (SECTIONS + count * SECTION_HEADER > total) throw refuse(`${count} sections`, 'section headers inside the file');
  const sections = Array.from({ length: count }, (_, i): Section => {
    const at = SECTIONS + SECTION_HEADER * i;
    const [start, size] = [Number(bytes.readBigUInt64LE(at + 24)), Number(bytes.readBigUInt64LE(at + 32))];
    if (start + size > total) throw refuse(`section ${i} ends at ${start + size}`, `at most ${total}`);
    return { kind: bytes.readUInt32LE(at), name: textAt(bytes, at + 4, 16), data: bytes.subarray(start, start + size) };
  });
  return {
    mode: bytes.readUInt16LE(HEADER + 28),
    platform: textAt(bytes, HEADER + 48, 64),
    uuid: bytes.toString('hex', HEADER + 112, HEADER + 128),
    sections,
  };
}
