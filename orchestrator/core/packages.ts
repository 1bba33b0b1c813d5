import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fromSource, packageRoot } from './paths.ts';

const require = createRequire(import.meta.url);

/**
 * A package that some commands need and all would wait for, so the first that asks loads it: from its many files, or from
 * the one that the bundle makes of them.
 */
export const yaml = (): typeof import('yaml') =>
  require(fromSource ? 'yaml' : join(packageRoot(), 'dist', 'packages', 'yaml.cjs'));
