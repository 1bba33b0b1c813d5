export * from './host.ts';
export * from './update.ts';
