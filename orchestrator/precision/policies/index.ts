import { fixed } from './fixed.ts';
import { muppet } from './muppet.ts';
import type { PolicyType } from './policy-type.ts';
import { random, schedule } from './schedule.ts';

export * from './fixed.ts';
export * from './muppet.ts';
export * from './policy-type.ts';
export * from './schedule.ts';

/** Every policy an experiment can name. */
export const policyTypes: ReadonlyMap<string, PolicyType> = new Map(
  [fixed, schedule, muppet, random].map((type) => [type.name, type]),
);
