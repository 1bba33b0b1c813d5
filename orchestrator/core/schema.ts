import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { fromSource, packageRoot } from './paths.ts';

const require = createRequire(import.meta.url);

/** How ajv reads our schemas, here and where the bundle is made: all errors of a value at once, defaults filled in. */
export const SCHEMA_OPTIONS = { allErrors: true, useDefaults: true, allowUnionTypes: true } as const;

const schemaPath = (name: string) => join(packageRoot(), 'protos', `${name}.schema.json`);
export const readSchema = (name: string): Record<string, unknown> => JSON.parse(readFileSync(schemaPath(name), 'utf8'));

const checks = new Map<string, ValidateFunction>();

/**
 * The check that protos/<name>.schema.json describes. To compile one takes a fifth of a second, so the bundle holds them as
 * code (scripts/bundle.mjs); from sources it is compiled at the first use.
 */
export function schemaCheck<T>(name: string): ValidateFunction<T> {
  let check = checks.get(name);
  if (!check) {
    if (fromSource) check = new (require('ajv').Ajv)(SCHEMA_OPTIONS).compile(readSchema(name)) as ValidateFunction;
    else check = require(join(packageRoot(), 'dist', 'schemas', `${name}.cjs`)) as ValidateFunction;
    checks.set(name, check);
  }
  return check as ValidateFunction<T>;
}
