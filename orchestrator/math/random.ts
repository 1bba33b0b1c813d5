import type { RandomStream } from '../core/index.ts';
import { hostFunction } from './host.ts';

const uniform = hostFunction('crema_fill_uniform', ['pointer', 'i64', 'u64', 'u32', 'i64', 'f32', 'f32']);
const gaussian = hostFunction('crema_fill_gaussian', ['pointer', 'i64', 'u64', 'u32', 'i64', 'f32', 'f32']);
const sparse = hostFunction('crema_fill_sparse', ['pointer', 'i64', 'u64', 'u32', 'i64', 'f64']);
const unitRows = hostFunction('crema_fill_unit_rows', ['pointer', 'i64', 'i64']);
const constant = hostFunction('crema_fill_constant', ['pointer', 'i64', 'f32']);

/** Takes `words` words from the stream; draws begin at an even position, because normals come in pairs. */
function take(random: RandomStream, words: number): number {
  const start = random.position + (random.position % 2);
  random.position = start + words + (words % 2);
  return start;
}

/** Uniform in [low, high]: element i is low + (high - low) · word / 2^32. */
export function fillUniform(out: Float32Array, random: RandomStream, low: number, high: number): void {
  uniform(out, out.length, random.seed, random.stream, take(random, out.length), low, high);
}

/** Normal, Box–Muller: words 2j, 2j + 1 of the stream give elements 2j, 2j + 1. */
export function fillGaussian(out: Float32Array, random: RandomStream, mean: number, deviation: number): void {
  gaussian(out, out.length, random.seed, random.stream, take(random, out.length), mean, deviation);
}

/** Keeps each element with the given probability, else zero. */
export function keepSparse(out: Float32Array, random: RandomStream, probability: number): void {
  sparse(out, out.length, random.seed, random.stream, take(random, out.length), probability);
}

/** Divides each of `rows` rows by its sum. */
export function normalizeRows(out: Float32Array, rows: number): void {
  unitRows(out, rows, rows === 0 ? 0 : out.length / rows);
}

export function fillConstant(out: Float32Array, value: number): void {
  if (out.length > 0) constant(out, out.length, value);
}
