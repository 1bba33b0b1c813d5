export * from './errors.ts';
export * from './events.ts';
export * from './nearest.ts';
export * from './packages.ts';
export * from './paths.ts';
export * from './rng.ts';
export * from './schema.ts';
export * from './sizes.ts';
