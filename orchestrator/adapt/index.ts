export * from './change.ts';
export * from './class-set.ts';
export * from './container.ts';
export * from './cut.ts';
export * from './features.ts';
export * from './generator.ts';
export * from './memory.ts';
export * from './scores.ts';
export * from './watcher.ts';

import { gaussian } from './gaussian.ts';
import type { GeneratorKind } from './generator.ts';
import { stored } from './stored.ts';

/** Kinds of generator by name. A new one: its file and one line here. */
export const generatorKinds: ReadonlyMap<string, GeneratorKind> = new Map([gaussian, stored].map((k) => [k.kind, k]));
