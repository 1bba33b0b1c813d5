export { nativeClock } from './clock.ts';
export * from './open.ts';
export * from './types.ts';
