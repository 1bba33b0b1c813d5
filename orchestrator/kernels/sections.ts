import type { Board } from './board.ts';
import { ARGUMENTS, type Manifest } from './manifest.ts';

/** Base address of compute unit `index` on the control bus. */
export const unitBase = (index: number) => 0x1800000 + index * 0x10000;

function rows(
  size: number,
  headerBytes: number,
  rowBytes: number,
  write: (out: Buffer, at: number, i: number) => void,
) {
  const out = Buffer.alloc(headerBytes + rowBytes * size);
  out.writeInt32LE(size, 0);
  for (let i = 0; i < size; i++) write(out, headerBytes + rowBytes * i, i);
  return out;
}

const MEMORY_TYPE = { DDR3: 0, DDR4: 1, HBM: 7 } as const;

/** mem_topology: type, used, size in KiB, base address, tag[16]. */
export function memoryTopology(board: Board, manifest: Manifest): Uint8Array {
  const used = new Set(manifest.computeUnits.flatMap((unit) => Object.values(unit.banks)));
  return rows(board.banks.length, 8, 40, (out, at, i) => {
    const bank = board.banks[i]!;
    out[at] = MEMORY_TYPE[bank.type];
    out[at + 1] = used.has(bank.tag) ? 1 : 0;
    out.writeBigUInt64LE(BigInt(bank.sizeMiB) * 1024n, at + 8);
    out.writeBigUInt64LE(BigInt(bank.baseMiB) << 20n, at + 16);
    out.write(bank.tag, at + 24, 'latin1');
  });
}

/** connectivity: (argument, compute unit, bank) for every global argument. */
export function connectivity(board: Board, manifest: Manifest): Uint8Array {
  const triples = manifest.computeUnits.flatMap((unit, ip) =>
    ARGUMENTS.map(
      (name, argument) => [argument, ip, board.banks.findIndex((b) => b.tag === unit.banks[name])] as const,
    ),
  );
  return rows(triples.length, 4, 12, (out, at, i) => {
    triples[i]!.forEach((value, j) => void out.writeInt32LE(value, at + 4 * j));
  });
}

/** ip_layout: type 1 (kernel), properties (interrupt enabled, ap_ctrl_chain 0 = hs), base, "kernel:unit". */
export function ipLayout(manifest: Manifest): Uint8Array {
  return rows(manifest.computeUnits.length, 8, 80, (out, at, i) => {
    out.writeUInt32LE(1, at);
    out.writeUInt32LE(1, at + 4);
    out.writeBigUInt64LE(BigInt(unitBase(i)), at + 8);
    out.write(`${manifest.kernel}:${manifest.computeUnits[i]!.name}`.slice(0, 63), at + 16, 'latin1');
  });
}

/** clock_freq_topology: MHz (u16), type (1 = data, 2 = kernel), name[128]. */
export function clockTopology(manifest: Manifest): Uint8Array {
  const clocks = [
    { name: 'DATA_CLK', type: 1 },
    { name: 'KERNEL_CLK', type: 2 },
  ];
  return rows(clocks.length, 2, 136, (out, at, i) => {
    out.writeUInt16LE(Math.round(manifest.clockMHz), at);
    out[at + 2] = clocks[i]!.type;
    out.write(clocks[i]!.name, at + 8, 'latin1');
  });
}
