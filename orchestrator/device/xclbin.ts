import { type CremaError, inputError } from '../core/index.ts';

/** A bank of MEM_TOPOLOGY. */
export interface Bank {
  readonly tag: string;
  readonly bytes: number;
}

/** What the device session needs to know of an xclbin before it hands it to a runtime. */
export interface XclbinSummary {
  /** 32 hex digits; two xclbins of one uuid are the same program. */
  readonly uuid: string;
  readonly platform: string;
  readonly banks: readonly Bank[];
  /** `kernel:instance`, in IP_LAYOUT's order. */
  readonly computeUnits: readonly string[];
  /** Bank index of a kernel argument, by `${compute unit index}/${argument}`. */
  readonly wiring: ReadonlyMap<string, number>;
  /** What our builder says of the kernel (`build_metadata.crema` in BUILD_METADATA); undefined in an xclbin of other origin. */
  readonly crema: Readonly<Record<string, unknown>> | undefined;
}

const MAGIC = 'xclbin2\0';
const HEADER = 456;
const SECTION = 40;
/** Section kinds; without one of the first five the Xilinx Runtime ends in a fault. */
const NEEDED = { BITSTREAM: 0, EMBEDDED_METADATA: 2, MEM_TOPOLOGY: 6, CONNECTIVITY: 7, IP_LAYOUT: 8 };
const BUILD_METADATA = 14;

const refuse = (file: string, message: string, expected?: string): CremaError =>
  inputError({
    message: `${file} ${message}`,
    expected,
    hint: 'rebuild it with `crema bitstream build`',
    code: 'bad-xclbin',
  });

function sectionsOf(file: string, bytes: Uint8Array): Map<number, DataView> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = Buffer.from(bytes.subarray(0, 8)).toString('latin1');
  if (magic !== MAGIC.slice(0, magic.length) || bytes.length < 8)
    throw refuse(file, 'is no xclbin', 'the magic "xclbin2"');
  if (bytes.length < HEADER) throw refuse(file, `ends after ${bytes.length} bytes`, `a header of ${HEADER} bytes`);
  const length = view.getBigUint64(304, true);
  if (length > BigInt(bytes.length)) {
    throw refuse(file, `is truncated: it has ${bytes.length} bytes`, `${length}, as its header says`);
  }
  const count = view.getUint32(448, true);
  if (HEADER + SECTION * count > bytes.length) throw refuse(file, `claims ${count} sections and is too short for them`);
  const sections = new Map<number, DataView>();
  for (let i = 0; i < count; i++) {
    const at = HEADER + SECTION * i;
    const offset = view.getBigUint64(at + 24, true);
    const size = view.getBigUint64(at + 32, true);
    if (offset + size > BigInt(bytes.length)) {
      throw refuse(file, `is truncated: section ${i} ends at byte ${offset + size} of ${bytes.length}`);
    }
    const section = new DataView(bytes.buffer, bytes.byteOffset + Number(offset), Number(size));
    sections.set(view.getUint32(at, true), section);
  }
  return sections;
}

/** `count` entries of `size` bytes after `head` bytes; refuses a count that the section cannot hold. */
function entries(file: string, name: string, view: DataView, head: number, size: number): DataView[] {
  const count = view.byteLength >= head ? view.getInt32(0, true) : -1;
  if (count < 0 || head + count * size > view.byteLength) throw refuse(file, `has a damaged section ${name}`);
  return Array.from({ length: count }, (_, i) => new DataView(view.buffer, view.byteOffset + head + i * size, size));
}

function text(view: DataView, at: number, length: number): string {
  const bytes = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset + at, length);
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? length : end);
}

function readBuildMetadata(file: string, view: DataView | undefined): XclbinSummary['crema'] {
  if (!view) return undefined;
  let json: { build_metadata?: { crema?: unknown } | null } | null;
  try {
    json = JSON.parse(text(view, 0, view.byteLength));
  } catch {
    throw refuse(file, 'has a section BUILD_METADATA that is not JSON');
  }
  const crema = json?.build_metadata?.crema;
  return typeof crema === 'object' && crema !== null ? { ...crema } : undefined;
}

/** Reads an axlf container (xclbin2). Throws an input CremaError for what is no xclbin, is cut short, or lacks a section the runtime needs. */
export function summarizeXclbin(file: string, bytes: Uint8Array): XclbinSummary {
  const sections = sectionsOf(file, bytes);
  for (const [name, kind] of Object.entries(NEEDED)) {
    if (!sections.has(kind)) throw refuse(file, `has no section ${name}`);
  }
  const get = (kind: number) => sections.get(kind)!;
  const banks = entries(file, 'MEM_TOPOLOGY', get(NEEDED.MEM_TOPOLOGY), 8, 40).map((e) => ({
    tag: text(e, 24, 16),
    bytes: Number(e.getBigUint64(8, true)) * 1024,
  }));
  const computeUnits = entries(file, 'IP_LAYOUT', get(NEEDED.IP_LAYOUT), 8, 80).map((e) => text(e, 16, 64));
  const wiring = new Map<string, number>();
  for (const e of entries(file, 'CONNECTIVITY', get(NEEDED.CONNECTIVITY), 4, 12)) {
    const bank = e.getInt32(8, true);
    if (bank < 0 || bank >= banks.length) throw refuse(file, `wires an argument to bank ${bank} of ${banks.length}`);
    const key = `${e.getInt32(4, true)}/${e.getInt32(0, true)}`;
    if (!wiring.has(key)) wiring.set(key, bank);
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  return {
    uuid: Buffer.from(bytes.subarray(416, 432)).toString('hex'),
    platform: text(header, 352, 64),
    banks,
    computeUnits,
    wiring,
    crema: readBuildMetadata(file, sections.get(BUILD_METADATA)),
  };
}
