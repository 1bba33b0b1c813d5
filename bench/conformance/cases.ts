import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataError } from '../../orchestrator/core/index.ts';

/** One recorded tensor: row-major float32, offsets in elements. `maxabs` is its largest magnitude, for the tolerance. */
export interface GoldenTensor {
  readonly role: 'bottom' | 'param' | 'top' | 'param_after' | 'top_diff' | 'bottom_diff' | 'param_diff';
  readonly index: number;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly count: number;
  readonly step?: number;
  readonly maxabs?: number;
}

/** One layer with its recorded inputs, outputs and gradients. */
export interface LayerCase {
  readonly name: string;
  readonly type: string;
  readonly phase: 'TRAIN' | 'TEST';
  readonly prototxt: string;
  readonly file: string;
  readonly propagate_down?: readonly boolean[];
  readonly backward?: false;
  readonly loss?: number;
  readonly loss_weight?: readonly number[];
  readonly steps?: number;
  readonly note?: string;
  readonly tensors: readonly GoldenTensor[];
}

/** A folder of layer cases: `index.json` and one .bin file per case. */
export interface LayerFolder {
  readonly folder: string;
  readonly cases: readonly LayerCase[];
}

/** What kind of cases a folder holds: solver cases have nets and iterations, layer cases have prototxts of one layer. */
export function folderKind(folder: string): 'layers' | 'solvers' {
  const index = join(folder, 'index.json');
  if (!existsSync(index)) {
    throw dataError({
      message: `${folder} has no index.json`,
      expected: 'a folder of reference cases',
      code: 'no-golden',
    });
  }
  const [first] = (JSON.parse(readFileSync(index, 'utf8')) as { cases: Record<string, unknown>[] }).cases;
  return first && 'solver' in first ? 'solvers' : 'layers';
}

export function readLayerFolder(folder: string): LayerFolder {
  const { cases } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { cases: LayerCase[] };
  return { folder, cases };
}

/** All numbers of a case's file. */
export function readValues(folder: string, file: string): Float32Array {
  const bytes = readFileSync(join(folder, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
