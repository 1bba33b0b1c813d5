import { adaDelta } from './adadelta.ts';
import { adaGrad } from './adagrad.ts';
import { adam } from './adam.ts';
import { nesterov } from './nesterov.ts';
import { rmsProp } from './rmsprop.ts';
import type { UpdateRule } from './rule.ts';
import { sgd } from './sgd.ts';

export type { UpdateRule, UpdateStep } from './rule.ts';

/** Every update rule. A new one: one file and one line here. */
const list: readonly UpdateRule[] = [sgd, nesterov, adaGrad, rmsProp, adaDelta, adam];

export const updateRules: ReadonlyMap<string, UpdateRule> = new Map(list.map((rule) => [rule.type, rule]));
