import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Packages that some commands need and all would wait for: reading one takes tens of milliseconds, so the first that asks
 * loads it.
 */
export const ajv = (): typeof import('ajv') => require('ajv');
export const yaml = (): typeof import('yaml') => require('yaml');
