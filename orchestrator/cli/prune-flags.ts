import { usageError } from '../core/index.ts';
import { loadManifest } from '../kernels/index.ts';
import type { CriterionName } from '../recipes/index.ts';
import type { CommonFlags } from './settings.ts';

/** Flags of the forms of `crema prune` that train. */
export interface ProcedureFlags {
  solver?: string;
  retrain?: string;
  rate?: string;
  drops?: string;
  fineTune: string;
  fineTuneRate?: string;
  gradual?: string;
  search?: boolean;
  target?: string;
  rounds?: string;
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
  level?: string;
  ranker: string;
  criterion: string;
  snap: string;
  minimum: string;
  trunk: string;
  combine: string;
  keep?: string;
  batches: string;
  out?: string;
}

const one = <T extends string>(flag: string, value: string, choices: readonly T[]): T => {
  if ((choices as readonly string[]).includes(value)) return value as T;
  throw usageError({ message: `--${flag} ${value}`, expected: choices.join(', '), code: 'bad-flag' });
};

/** How to cut, from the flags. `--snap tile` is the height of the engine's array. */
export function cutSettings(flags: PruneFlags, board: string, config: string) {
  return {
    ranker: flags.ranker,
    criterion: flags.criterion as CriterionName,
    snap: flags.snap === 'tile' ? loadManifest(board, config).array.rows : Number(flags.snap),
    minimum: Number(flags.minimum),
    trunk: one('trunk', flags.trunk, ['none', '2020', '2021']),
    combine: one('combine', flags.combine, ['least', 'mean']),
    keep: flags.keep?.split(',') ?? [],
    batches: Number(flags.batches),
  };
}

/** A share from a flag: 0.7, or 70 %. */
export function share(flag: string, text: string): number {
  const value = text.trim().endsWith('%') ? Number(text.trim().slice(0, -1)) / 100 : Number(text);
  if (value >= 0 && value < 1) return value;
  throw usageError({ message: `--${flag} ${text}`, expected: 'a share such as 0.7 or 70%', code: 'bad-flag' });
}

export const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
