export * from './analyse.ts';
export { filtersOf, type Values, valuesOf } from './filters.ts';
export type { ChannelGraph, Kept, ParamView, Producer } from './graph.ts';
export { type DependencyGroup, dependencyGroups } from './groups.ts';
export * from './prune.ts';
export { type Evidence, type Ranker, rankerNamed, rankers, TaylorEvidence } from './rankers/index.ts';
export { keptWithout, prunedText, sliced, sliceHistory, sliceParams, zeroed } from './surgery.ts';
export type { Combine } from './units.ts';
export type { TrunkRule } from './walk.ts';
