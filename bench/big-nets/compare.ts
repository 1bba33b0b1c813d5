import { readFileSync } from 'node:fs';
import { relativeDifference } from './per-layer.ts';
import type { Result } from './run.ts';

export interface Difference {
  /** Largest relative difference (see relativeDifference) of a net's output, and of a gradient; with the tensor's name. */
  readonly outputs: number;
  readonly output: string;
  readonly gradients: number;
  readonly gradient: string;
  readonly bitwise: boolean;
}

/** Compares two files of results tensor by tensor. */
export function compareResults(a: string, b: string, results: readonly Result[]): Difference {
  const [left, right] = [floats(a), floats(b)];
  let at = 0;
  let [outputs, output, gradients, gradient] = [0, '', 0, ''];
  for (const { name, count, kind } of results) {
    const error = relativeDifference(left.subarray(at, at + count), right.subarray(at, at + count));
    at += count;
    if (kind === 'output' && error > outputs) [outputs, output] = [error, name];
    if (kind === 'gradient' && error > gradients) [gradients, gradient] = [error, name];
  }
  return { outputs, output, gradients, gradient, bitwise: readFileSync(a).equals(readFileSync(b)) };
}

function floats(file: string): Float32Array {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
