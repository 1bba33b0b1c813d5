export * from './access.ts';
export * from './make.ts';
export * from './placement.ts';
export * from './plan.ts';
export * from './traffic.ts';
