export * from './describe-plan.ts';
export * from './experiment.ts';
export * from './inputs.ts';
export * from './nets.ts';
export * from './test.ts';
export * from './time.ts';
export * from './train.ts';
