export * from './accelerator.ts';
export * from './engines.ts';
export * from './execution.ts';
export * from './launch.ts';
export * from './profile.ts';
export * from './run.ts';
export * from './session.ts';
export * from './steps.ts';
