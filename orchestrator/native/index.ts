export { withAddresses } from './addresses.ts';
export { nativeClock } from './clock.ts';
export * from './open.ts';
export * from './types.ts';
