export * from './build.ts';
export * from './dynamic.ts';
export * from './filter.ts';
export { NOT_INFERABLE } from './inferable.ts';
export * from './net.ts';
export * from './params.ts';
export * from './splits.ts';
