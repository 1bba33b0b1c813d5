import type { CremaError } from '../../core/index.ts';
import type { PrecisionPolicy } from '../policy.ts';

/** Settings of `precision` that belong to policies; each policy takes some of them. */
export interface PolicyOptions {
  readonly epochs?: readonly number[];
  readonly before?: number;
  readonly variant?: 'paper' | 'code';
  readonly every?: number;
  readonly terms?: number;
  readonly mean?: 'tensor' | 'layer';
  readonly include?: 'all' | 'weights';
  readonly compare?: '>' | '>=';
  readonly origin?: 'run' | 'switch';
  readonly alpha?: number;
  readonly beta?: number;
  readonly lambda?: number;
  readonly gamma?: number;
}

export type OptionName = keyof PolicyOptions;

/** An input error about one setting. */
export type Refuse = (setting: string, message: string, expected: string) => CremaError;

/** A policy as experiments name it: one file, one line in policies/index.ts. */
export interface PolicyType {
  readonly name: string;
  readonly options: readonly OptionName[];
  /** Where the experiment names no ladder; undefined: it must. */
  readonly ladder?: readonly (number | 'fp32')[];
  make(levels: number, options: PolicyOptions, seed: number, refuse: Refuse): PrecisionPolicy;
}
