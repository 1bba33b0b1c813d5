import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeContainer,
  decodeFeatures,
  encodeContainer,
  encodeFeatures,
  type FeatureTable,
} from '../../adapt/index.ts';
import { writeAtomically } from '../../snapshot/index.ts';
import { readInput } from '../nets.ts';
import { type Backbone, sha256 } from './backbone.ts';
import type { HeadWeights } from './head.ts';
import { type AdaptRequest, parseRange } from './request.ts';

/** Files of one run: features computed once, generator, heads. Each is written whole or not at all. */
export class RunFiles {
  private readonly request: AdaptRequest;

  constructor(request: AdaptRequest) {
    this.request = request;
  }

  path(...parts: readonly string[]): string {
    return join(this.request.runDirectory, ...parts);
  }

  /** Features of a range of records: from the cache of the run that is resumed, else from the backbone. */
  features(backbone: Backbone, range: string, name: string): FeatureTable {
    const path = this.path('features', `${name}.features`);
    const key = sha256(backbone.key, range, String(this.request.cacheBits));
    if (!this.request.resume || !existsSync(path)) {
      writeAtomically(path, encodeFeatures(backbone.features(parseRange(range)), key, this.request.cacheBits));
    }
    // Read back in any case: with 8 bits the cache holds other numbers than the backbone gave.
    return decodeFeatures(readInput(path, 'feature cache'), path, key);
  }

  writeHeads(backbone: Backbone, adaptation: number, heads: Readonly<Record<string, HeadWeights>>): void {
    const arrays: Record<string, Float32Array> = {};
    for (const [name, weights] of Object.entries(heads)) {
      for (const [i, w] of weights.entries()) arrays[`${name}/${i}`] = w;
    }
    const bytes = encodeContainer({ kind: 'heads', key: backbone.key, facts: { adaptation }, arrays });
    writeAtomically(this.headsPath(adaptation), bytes);
  }

  readHeads(backbone: Backbone, adaptation: number): Record<string, Float32Array[]> {
    const path = this.headsPath(adaptation);
    const { arrays } = decodeContainer(readInput(path, 'heads'), path, { kind: 'heads', key: backbone.key });
    const heads: Record<string, Float32Array[]> = {};
    for (const [key, array] of Object.entries(arrays)) {
      const [name = '', i = ''] = key.split('/');
      heads[name] ??= [];
      heads[name][Number(i)] = array as Float32Array;
    }
    return heads;
  }

  private headsPath(adaptation: number): string {
    return this.path('heads', `adaptation-${adaptation}.heads`);
  }
}
