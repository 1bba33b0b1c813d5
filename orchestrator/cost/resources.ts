import { type Board, type Manifest, type Resources, widestElement } from '../kernels/index.ts';

export interface ResourceEstimate extends Resources {
  readonly provenance: 'modelled';
}

/** Share of each resource that still routes at speed: LUT 70 %, memories and DSP 80 % (FINN's platform limits). */
const LIMIT = { lut: 0.7, dsp: 0.8, bram36: 0.8, uram: 0.8 } as const;

/** BRAM36 of a simple dual-port memory. */
export const brams = (widthBits: number, depth: number): number => Math.ceil(widthBits / 72) * Math.ceil(depth / 512);
/** URAM blocks of the same. */
export const urams = (widthBits: number, depth: number): number => Math.ceil(widthBits / 72) * Math.ceil(depth / 4096);

/** DSP and LUT of one integer multiply-accumulator with its 48-bit sum. A DSP48E2 (UltraScale+) takes two 8-bit products, summed in fabric. */
function integerMac(widest: number, board: Board): { dsp: number; lut: number } {
  return widest === 8 && board.device.includes('uplus') ? { dsp: 0.5, lut: 36 } : { dsp: 1, lut: 12 };
}

/**
 * One cell of the array. fp32: 3 DSP multiply + 2 add. 8 and 16 bits share a cell, beside that of fp32 where a bitstream takes both.
 * Sources: Yosys runs of the prototype RTL; gemm_hls (FPGA'20) for fp32.
 */
function perMac(elementBits: readonly number[], board: Board): { dsp: number; lut: number } {
  const integers = elementBits.filter((bits) => bits < 32);
  const cells = [
    ...(elementBits.includes(32) ? [{ dsp: 5, lut: 420 }] : []),
    ...(integers.length > 0 ? [integerMac(Math.max(...integers), board)] : []),
  ];
  return {
    dsp: cells.reduce((sum, cell) => sum + cell.dsp, 0),
    lut: cells.reduce((sum, cell) => sum + cell.lut, 0),
  };
}

/** DSPs that one multiply-accumulate of elements of `bits` takes; modelled. */
export const dspPerMac = (bits: 8 | 16 | 32, board: Board): number => perMac([bits], board).dsp;

/** Address multipliers (the prototype RTL has 3 per port). */
const ADDRESS_DSP = 12;

/** An estimate from sizes alone: array, ping-pong panels of A and B, the C tile, ports. Clocks and routing are not modelled. */
export function modelResources(manifest: Manifest, board: Board): ResourceEstimate {
  const { array, tiles, wordBits } = manifest;
  const elementBits = widestElement(manifest);
  const units = manifest.computeUnits.length;
  const accumulatorBits = manifest.elementBits.some((bits) => bits < 32) ? 48 : 32;
  const mac = perMac(manifest.elementBits, board);
  const macs = array.rows * array.columns;
  const panelA = brams(array.rows * elementBits, Math.ceil((tiles.rows / array.rows) * tiles.reduction) * 2);
  const panelB = brams(array.columns * elementBits, Math.ceil((tiles.columns / array.columns) * tiles.reduction) * 2);
  const depthC = Math.ceil((tiles.rows * tiles.columns) / array.columns) * 2;
  const widthC = array.columns * accumulatorBits;
  const inUram = board.usable.uram > 0;
  const ports = 3 * Math.ceil(wordBits / 72) * 2;
  return {
    provenance: 'modelled',
    lut: units * (macs * mac.lut + 12_000),
    dsp: units * (Math.ceil(macs * mac.dsp) + ADDRESS_DSP),
    bram36: units * (panelA + panelB + ports + (inUram ? 0 : brams(widthC, depthC))),
    uram: units * (inUram ? urams(widthC, depthC) : 0),
  };
}

/** What does not fit, in words; empty where the config fits the board. */
export function misfits(manifest: Manifest, board: Board): string[] {
  const need = modelResources(manifest, board);
  return (Object.keys(LIMIT) as (keyof typeof LIMIT)[])
    .filter((name) => need[name] > board.usable[name] * LIMIT[name])
    .map((name) => `${name}: ${need[name]} of ${board.usable[name]} (${Math.round(LIMIT[name] * 100)} % is routable)`);
}
