import { readFileSync } from 'node:fs';
import { relativeDifference } from './per-layer.ts';
import type { Result } from './run.ts';

export interface Difference {
  /** Largest relative difference (see relativeDifference) of each kind: an output, the gradients of a layer, an activation. */
  readonly worst: Record<Result['kind'], { error: number; name: string }>;
}

/** Compares two files of results tensor by tensor. */
export function compareResults(a: string, b: string, results: readonly Result[]): Difference {
  const [left, right] = [floats(a), floats(b)];
  const none = () => ({ error: 0, name: '' });
  const worst: Difference['worst'] = { output: none(), gradient: none(), activation: none() };
  const groups = new Map<string, { kind: Result['kind']; pairs: { a: Float32Array; b: Float32Array }[] }>();
  let at = 0;
  for (const { kind, group, count } of results) {
    const tensors = groups.get(group) ?? { kind, pairs: [] };
    groups.set(group, tensors);
    tensors.pairs.push({ a: left.subarray(at, at + count), b: right.subarray(at, at + count) });
    at += count;
  }
  for (const [name, { kind, pairs }] of groups) {
    const error = relativeDifference(pairs);
    if (error > worst[kind].error) worst[kind] = { error, name: name.slice(kind.length + 1) };
  }
  return { worst };
}

export const sameBytes = (a: string, b: string): boolean => readFileSync(a).equals(readFileSync(b));

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
