export { SmoothedLoss } from './loss.ts';
export * from './nets.ts';
export { type LevelChange, PrecisionControl, type PrecisionOptions } from './precision.ts';
export * from './rates.ts';
export { type UpdateRule, updateRules } from './rules/index.ts';
export * from './settings.ts';
export * from './solver.ts';
export { listOutputs, type TestResult, testNet } from './test.ts';
export { Updater } from './update.ts';
