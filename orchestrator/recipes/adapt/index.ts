export { type Accuracies, METHODS, type Method } from './methods.ts';
export { type AdaptRequest, adaptDefaults, type EstimatorKind, type HeadSettings } from './request.ts';
export { type AdaptOutcome, adaptRun } from './run.ts';
export type { MemoryPeak, SegmentResult, WindowRecord } from './state.ts';
export type { AdaptSummary } from './summary.ts';
