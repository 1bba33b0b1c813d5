export * from './host.ts';
export * from './update.ts';
export * from './cursor.ts';
export * from './records.ts';
export * from './layout.ts';
