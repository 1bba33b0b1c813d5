import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildPath, deviceError, inputError, makeFolder, replaceFile } from '../core/index.ts';
import { readContainer, SECTION, type Section, type SectionName, textAt, writeContainer } from './axlf.ts';
import { type Board, loadBoard } from './board.ts';
import { ABI_VERSION, DESCRIPTOR_BYTES } from './descriptor.ts';
import { loadManifest, type Manifest, xclbinPath } from './manifest.ts';
import { metadataXml } from './metadata.ts';
import { clockTopology, connectivity, ipLayout, memoryTopology } from './sections.ts';

export interface BuildRequest {
  readonly board: string;
  readonly config: string;
  /** Software emulation is the only target made here; v++ makes hw and hw_emu (hls/Makefile). */
  readonly target: 'sw_emu';
  /** Default bitstreams/<board>/<config>/engine.xclbin. */
  readonly output?: string;
}

const SW_EMU = 5;

function checkBanks(board: Board, manifest: Manifest): void {
  for (const unit of manifest.computeUnits) {
    for (const [argument, tag] of Object.entries(unit.banks)) {
      if (board.banks.some((bank) => bank.tag === tag)) continue;
      throw inputError({
        message: `${manifest.board}/${manifest.config}: ${unit.name}.${argument} is wired to ${tag}`,
        expected: `a bank of ${board.name}: ${board.banks.map((bank) => bank.tag).join(', ')}`,
        code: 'unknown-bank',
      });
    }
  }
}

/** The bytes of an emulation xclbin around a g++-built engine. */
export function packXclbin(board: Board, manifest: Manifest, engine: Uint8Array): Uint8Array {
  checkBanks(board, manifest);
  const { abi, config, arithmetic, lanes, elementBits } = manifest;
  const build = {
    build_metadata: {
      dsa: { board_id: board.name, name: board.platform },
      xclbin: { generated_by: { name: 'crema', version: '1' }, packaged_by: { name: 'crema', version: '1' } },
      crema: { abi, board: manifest.board, config, arithmetic, lanes, elementBits, descriptorBytes: DESCRIPTOR_BYTES },
    },
  };
  const memory = memoryTopology(board, manifest);
  const wires = connectivity(board, manifest);
  const section = (kind: SectionName, data: Uint8Array | string): Section => ({
    kind: SECTION[kind],
    name: kind.toLowerCase(),
    data: typeof data === 'string' ? Buffer.from(data, 'utf8') : data,
  });
  return writeContainer({
    mode: SW_EMU,
    platform: board.platform,
    sections: [
      section('BITSTREAM', engine),
      section('EMBEDDED_METADATA', metadataXml(board, manifest, 'sw_emu')),
      section('MEM_TOPOLOGY', memory),
      section('CONNECTIVITY', wires),
      section('IP_LAYOUT', ipLayout(manifest)),
      section('CLOCK_FREQ_TOPOLOGY', clockTopology(manifest)),
      section('BUILD_METADATA', JSON.stringify(build)),
      section('GROUP_TOPOLOGY', memory),
      section('GROUP_CONNECTIVITY', wires),
    ],
  });
}

/** Builds and writes the emulation xclbin of one config. @returns its path and size. @throws CremaError */
export function buildXclbin(request: BuildRequest): { path: string; bytes: number } {
  const manifest = loadManifest(request.board, request.config);
  const board = loadBoard(request.board);
  const engine = buildPath('hls', manifest.engine, 'engine.so');
  if (!existsSync(engine)) {
    throw deviceError({
      message: `the engine of ${request.board}/${request.config} is not built: ${engine}`,
      hint: 'npm run build:native',
      code: 'engine-not-built',
    });
  }
  const bytes = packXclbin(board, manifest, readFileSync(engine));
  const path = request.output ?? xclbinPath(request.board, request.config);
  makeFolder(dirname(path), path);
  replaceFile(path, bytes);
  return { path, bytes: bytes.length };
}

/** What an xclbin says of itself. `crema` is absent from containers that others made. */
export interface XclbinDescription {
  readonly uuid: string;
  readonly mode: number;
  readonly platform: string;
  readonly sections: readonly { readonly name: string; readonly kind: number; readonly bytes: number }[];
  readonly units: readonly string[];
  readonly banks: readonly { readonly tag: string; readonly bytes: number; readonly used: boolean }[];
  readonly crema?: {
    readonly abi: number;
    readonly board: string;
    readonly config: string;
    readonly arithmetic: string;
  };
}

/** Reads an xclbin and checks that the parts a host needs are there. @throws CremaError device */
export function readXclbin(file: Uint8Array, name = 'xclbin'): XclbinDescription {
  const container = readContainer(file, name);
  const kindName = (kind: number) =>
    Object.entries(SECTION).find(([, value]) => value === kind)?.[0] ?? `SECTION_${kind}`;
  const find = (kind: SectionName) => {
    const section = container.sections.find((s) => s.kind === SECTION[kind]);
    if (section) return Buffer.from(section.data.buffer, section.data.byteOffset, section.data.byteLength);
    throw deviceError({ message: `${name}: no ${kind} section`, expected: 'a complete xclbin', code: 'bad-xclbin' });
  };
  for (const kind of ['BITSTREAM', 'EMBEDDED_METADATA', 'CONNECTIVITY'] as const) find(kind);
  const table = <T>(kind: SectionName, rowBytes: number, read: (bytes: Buffer, at: number) => T): T[] => {
    const bytes = find(kind);
    const count = bytes.length >= 4 ? bytes.readInt32LE(0) : -1;
    if (count < 0 || 8 + count * rowBytes > bytes.length) {
      throw deviceError({ message: `${name}: ${kind} is cut short`, code: 'bad-xclbin' });
    }
    return Array.from({ length: count }, (_, i) => read(bytes, 8 + i * rowBytes));
  };
  const metadata = container.sections.find((s) => s.kind === SECTION.BUILD_METADATA);
  let crema: XclbinDescription['crema'];
  try {
    crema = metadata && JSON.parse(Buffer.from(metadata.data).toString('utf8')).build_metadata?.crema;
  } catch (error) {
    throw deviceError({ message: `${name}: BUILD_METADATA: ${(error as Error).message}`, code: 'bad-xclbin' });
  }
  return {
    uuid: container.uuid,
    mode: container.mode,
    platform: container.platform,
    sections: container.sections.map((s) => ({ name: kindName(s.kind), kind: s.kind, bytes: s.data.length })),
    units: table('IP_LAYOUT', 80, (bytes, at) => textAt(bytes, at + 16, 64)),
    banks: table('MEM_TOPOLOGY', 40, (bytes, at) => ({
      tag: textAt(bytes, at + 24, 16),
      bytes: Number(bytes.readBigUInt64LE(at + 8)) * 1024,
      used: bytes[at + 1] !== 0,
    })),
    ...(crema ? { crema } : {}),
  };
}

/** @throws CremaError device unless the container was made for this manifest's kernel ABI and config. */
export function checkXclbin(file: Uint8Array, manifest: Manifest, name = 'xclbin'): XclbinDescription {
  const found = readXclbin(file, name);
  const wrong =
    !found.crema || found.crema.abi !== ABI_VERSION
      ? { message: `${name}: kernel ABI ${found.crema?.abi ?? 'unknown'}`, expected: `ABI ${ABI_VERSION}` }
      : found.crema.board !== manifest.board || found.crema.config !== manifest.config
        ? {
            message: `${name} is ${found.crema.board}/${found.crema.config}`,
            expected: `${manifest.board}/${manifest.config}`,
          }
        : undefined;
  if (wrong) throw deviceError({ ...wrong, hint: 'rebuild it: crema bitstream build', code: 'kernel-abi' });
  return found;
}
