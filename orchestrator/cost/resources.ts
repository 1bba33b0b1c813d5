import type { Board, Manifest, Resources } from '../kernels/index.ts';

export interface ResourceEstimate extends Resources {
  readonly provenance: 'modelled';
}

/** Share of each resource that still routes at speed: LUT 70 %, memories and DSP 80 % (FINN's platform limits). */
const LIMIT = { lut: 0.7, dsp: 0.8, bram36: 0.8, uram: 0.8 } as const;

/** BRAM36 of a simple dual-port memory. */
export const brams = (widthBits: number, depth: number): number => Math.ceil(widthBits / 72) * Math.ceil(depth / 512);
/** URAM blocks of the same. */
export const urams = (widthBits: number, depth: number): number => Math.ceil(widthBits / 72) * Math.ceil(depth / 4096);

/** DSP and LUT of one multiply-accumulator. fp32: 3 DSP multiply + 2 add; integers up to 18 bit: one DSP with its 48-bit sum. */
function perMac(elementBits: number): { dsp: number; lut: number } {
  return elementBits === 32 ? { dsp: 5, lut: 420 } : { dsp: 1, lut: 12 };
}

/** Address multipliers (the prototype RTL has 3 per port). */
const ADDRESS_DSP = 12;

/** An estimate from sizes alone: array, ping-pong panels of A and B, the C tile, ports. Clocks and routing are not modelled. */
export function modelResources(manifest: Manifest, board: Board): ResourceEstimate {
  const { array, tiles, elementBits, wordBits } = manifest;
  const units = manifest.computeUnits.length;
  const accumulatorBits = elementBits === 32 ? 32 : 48;
  const mac = perMac(elementBits);
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
    dsp: units * (macs * mac.dsp + ADDRESS_DSP),
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
