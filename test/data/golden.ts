import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of reference figures from BVLC Caffe; tests that need all of it say so and are skipped where it is not there. */
export const golden = join(import.meta.dirname, '../../../shared/golden');
export const hasGolden = existsSync(golden);
if (!hasGolden) console.log('notice: ../shared/golden is not there; the comparisons with Caffe are skipped');

export interface GoldenTensor {
  readonly role: string;
  readonly name?: string;
  readonly index?: number;
  readonly step?: number;
  readonly shape: number[];
  readonly offset: number;
  readonly count: number;
}

export function floats(file: string): (tensor: GoldenTensor) => Float32Array {
  const bytes = readFileSync(file);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return ({ offset, count }) => all.subarray(offset, offset + count);
}
