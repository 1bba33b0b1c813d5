export * from './cursor.ts';
export * from './host.ts';
export * from './layout.ts';
export * from './records.ts';
export * from './update.ts';
