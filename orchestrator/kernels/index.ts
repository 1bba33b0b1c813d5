export * from './accept.ts';
export * from './axlf.ts';
export * from './bitstream.ts';
export * from './board.ts';
export * from './descriptor.ts';
export * from './geometry.ts';
export * from './manifest.ts';
