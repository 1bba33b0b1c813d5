export * from './execution.ts';
export * from './launch.ts';
export * from './run.ts';
export * from './steps.ts';
