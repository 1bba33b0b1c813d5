import { type Board, type Geometry, loadBoard, type Manifest, type Pass, widestElement } from '../kernels/index.ts';
import { memoryRate } from './memory.ts';
import { type ArrayWork, arrayWork } from './work.ts';

/** Modelled cost of one op on one card. Cycles of the kernel clock; bytes over the memory ports. Never a measurement. */
export interface OpCost {
  readonly provenance: 'modelled';
  /** Whole op, first load and last store included. */
  readonly cycles: number;
  readonly computeCycles: number;
  readonly loadCycles: number;
  readonly storeCycles: number;
  /** usefulMacs / paddedMacs. */
  readonly utilisation: number;
  /** Multiply-accumulates with elements of the batch and inside the image. */
  readonly usefulMacs: number;
  /** What the array spends: idle rows, idle lanes and bubbles count. */
  readonly paddedMacs: number;
  readonly bytes: number;
}

/** Cycles between two tiles: the accumulators drain into the next preload (the prototype RTL's figure). */
const BUBBLE = 3;
/** Depth of an fp32 adder: so many sums must take turns on a multiplier, or the chain of one of them sets the pace. */
const ADDER_DEPTH = 10;

/**
 * Closed form: the array works through tiles of the manifest's size, each as long as the slowest of load, compute and store
 * (they overlap, double buffered); the first load and the last store do not overlap.
 */
export function modelWork(
  work: ArrayWork,
  manifest: Manifest,
  board: Board,
  elementBits: number = widestElement(manifest),
): OpCost {
  const { array, tiles } = manifest;
  const units = manifest.computeUnits.length;
  const rate = memoryRate(board, manifest);
  const elementBytes = elementBits / 8;
  const tileTurns = [
    Math.min(work.rowTurns, Math.ceil(tiles.rows / array.rows)),
    Math.min(work.columnTurns, Math.ceil(tiles.columns / array.columns)),
  ] as const;
  const live = tileTurns[0] * tileTurns[1];
  const stall = elementBits === 32 ? Math.max(1, ADDER_DEPTH / live) : 1;
  const rowTiles = Math.ceil(work.rowTurns / tileTurns[0]);
  const columnTiles = Math.ceil(work.columnTurns / tileTurns[1]);
  const tileCount = work.repeats * rowTiles * columnTiles;
  const turns = work.repeats * work.rowTurns * work.columnTurns;
  const compute = turns * work.depth * stall + (tileCount - 1) * BUBBLE;
  // The two read ports work side by side.
  const aBytes = work.aBytes * (fitsOnChip(work.aBytes, manifest, elementBits) ? 1 : work.aPasses);
  const bBytes = work.bBytes * (fitsOnChip(work.bBytes, manifest, elementBits) ? 1 : work.bPasses);
  const load = Math.max(aBytes, bBytes) / rate.read;
  const store = work.cBytes / rate.write;
  const tileBytes = Math.min(work.results, tiles.rows * tiles.columns) * elementBytes;
  const fill =
    rate.latency + Math.min(load, (tiles.rows * Math.min(work.depth, tiles.reduction) * elementBytes) / rate.read);
  const drain = Math.min(store, tileBytes / rate.write);
  const padded = compute * array.rows * array.columns;
  return {
    provenance: 'modelled',
    cycles: Math.ceil(Math.max(compute, load, store) / units + fill + drain),
    computeCycles: Math.ceil(compute / units),
    loadCycles: Math.ceil(load / units),
    storeCycles: Math.ceil(store / units),
    utilisation: work.usefulMacs / padded,
    usefulMacs: work.usefulMacs,
    paddedMacs: Math.ceil(padded),
    bytes: Math.ceil(aBytes + bBytes + work.cBytes),
  };
}

/** An operand that fits the panel memory stays there. */
function fitsOnChip(bytes: number, manifest: Manifest, elementBits: number): boolean {
  return bytes <= manifest.tiles.rows * manifest.tiles.reduction * (elementBits / 8);
}

/** The cost of one pass of a layer on a manifest's engine; `elementBits`: one of the manifest's, default the widest. */
export function modelOp(
  geometry: Geometry,
  pass: Pass,
  manifest: Manifest,
  board: Board = loadBoard(manifest.board),
  elementBits: number = widestElement(manifest),
): OpCost {
  return modelWork(arrayWork(geometry, pass, manifest, elementBits), manifest, board, elementBits);
}

/** Seconds of an op's cycles at the manifest's clock. */
export const modelSeconds = (cost: OpCost, manifest: Manifest): number => cost.cycles / (manifest.clockMHz * 1e6);

/** MACs of several ops over what their arrays spent: the utilisation of a step. */
export function stepUtilisation(costs: readonly OpCost[]): number {
  const sum = (pick: (cost: OpCost) => number) => costs.reduce((total, cost) => total + pick(cost), 0);
  return sum((c) => c.usefulMacs) / sum((c) => c.paddedMacs);
}

/**
 * Cycles of the prototype 16×16 systolic core with one outstanding burst (Verilator, 11 of 11 runs equal): T tiles of depth K in
 * chunks of `chunk`, memory latency L. The larger of T·K + 3(T−1) + L + 76 and T·K/chunk·(L + 19) + 121.
 */
export function systolicCycles(tiles: number, depth: number, chunk: number, latency: number): number {
  const chunks = (tiles * depth) / chunk;
  return Math.max(tiles * depth + BUBBLE * (tiles - 1) + latency + 76, chunks * (latency + 19) + 121);
}
