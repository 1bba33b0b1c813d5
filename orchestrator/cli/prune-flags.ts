import { loadManifest } from '../kernels/index.ts';
import type { CriterionName } from '../recipes/index.ts';
import type { CommonFlags } from './settings.ts';

/** Flags of the forms of `crema prune` that train. */
export interface ProcedureFlags {
  solver?: string;
  retrain?: number;
  rate?: number;
  drops?: number[];
  fineTune: number;
  fineTuneRate?: number;
  gradual?: number;
  search?: boolean;
  target?: number;
  rounds?: number;
  classes?: string;
  groups?: string;
  validation?: string;
  runDir?: string;
}

export interface PruneFlags extends CommonFlags, ProcedureFlags {
  model?: string;
  solver?: string;
  weights?: string;
  snapshot?: string;
  level?: number[];
  ranker: string;
  criterion: string;
  snap: number | 'tile';
  minimum: number;
  trunk: 'none' | '2020' | '2021';
  combine: 'least' | 'mean';
  keep?: string;
  batches: number;
  out?: string;
}

/** How to cut, from the flags. `--snap tile` is the height of the engine's array. */
export function cutSettings(flags: PruneFlags, board: string, config: string) {
  return {
    ranker: flags.ranker,
    criterion: flags.criterion as CriterionName,
    snap: flags.snap === 'tile' ? loadManifest(board, config).array.rows : flags.snap,
    minimum: flags.minimum,
    trunk: flags.trunk,
    combine: flags.combine,
    keep: flags.keep?.split(',') ?? [],
    batches: flags.batches,
  };
}

export const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
