export * from './blob.ts';
export * from './layout.ts';
export * from './tensor.ts';
