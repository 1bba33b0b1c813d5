import type { Board, Manifest } from '../kernels/index.ts';

/** Bytes per kernel cycle of one operand's port, and the latency of a burst in cycles. */
export interface MemoryRate {
  readonly read: number;
  readonly write: number;
  readonly latency: number;
}

const OUTSTANDING = 32;
const BURST_BEATS = 64;

/**
 * min(efficiency × peak, outstanding × burst bytes / latency, port width × clock), shared by the ports wired to one bank.
 * Efficiencies and latencies are those of AMD's published bandwidth logs (hls/boards/*.yaml name the source).
 */
export function memoryRate(board: Board, manifest: Manifest): MemoryRate {
  const unit = manifest.computeUnits[0]!;
  const bank = board.banks.find((b) => b.tag === unit.banks.b) ?? board.banks[0]!;
  // a and b read, c writes: an unshared bank serves one of them, a single bank all three of every compute unit.
  const sharers = manifest.computeUnits
    .flatMap((u) => [u.banks.a, u.banks.b, u.banks.c])
    .filter((tag) => tag === bank.tag).length;
  const hertz = manifest.clockMHz * 1e6;
  const port = Math.min(board.portBits, manifest.wordBits) / 8;
  const burst = BURST_BEATS * port;
  const bound = (efficiency: number, latencyNs: number) =>
    Math.min(
      (efficiency * bank.peakGBs * 1e9) / Math.max(1, sharers),
      (OUTSTANDING * burst) / (latencyNs * 1e-9),
      port * hertz,
    ) / hertz;
  return {
    read: bound(board.memory.readEfficiency, board.memory.readLatencyNs),
    write: bound(board.memory.writeEfficiency, board.memory.writeLatencyNs),
    latency: Math.ceil(board.memory.readLatencyNs * 1e-9 * hertz),
  };
}
