export * from './net.ts';
export * from './params.ts';
