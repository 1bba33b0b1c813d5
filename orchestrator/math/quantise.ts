import type { Layout, Shape } from '../blob/index.ts';
import { elementCount } from '../blob/index.ts';
import { internalError } from '../core/index.ts';
import type { CType } from '../native/index.ts';
import { hostFunction } from './host.ts';

const P = 'pointer';
const VIEW: readonly CType[] = ['i64', 'i64', 'i64', 'i64'];
const toIntegers = hostFunction('crema_quantise', [P, 'i32', P, 'i32', ...VIEW, 'i32', P, 'i32', 'u32', 'u32', P]);
const toFloats = hostFunction('crema_dequantise', [P, 'i32', P, 'i32', ...VIEW, P, 'i32']);
const extremesOf = hostFunction('crema_extremes', [P, ...VIEW, P]);

/** Lane counts of fixed-point tensors. */
export const FIXED_LANES: readonly number[] = [1, 8, 16, 32, 64];

/** int8 elements hold words of up to 8 bits, int16 any. */
export type Integers = Int8Array | Int16Array;

/**
 * How a tensor of fixed-point elements is cut: one exponent per `group` elements of an image (everything after the batch axis);
 * undefined: one for all. An image's last group may be shorter.
 */
export interface FixedTensor {
  readonly shape: Shape;
  /** Layout of the integers; the floats are row-major or in the same lanes. */
  readonly layout: Layout;
  readonly word: number;
  readonly exponents: Int32Array;
  readonly group?: number | undefined;
}

/** What a quantisation did. `least` ≤ 0 ≤ `most`: extremes of the values; not finite where a value was not. */
export interface QuantiseCounts {
  readonly least: number;
  readonly most: number;
  readonly saturated: number;
  readonly underflowed: number;
}

type Cut = Pick<FixedTensor, 'shape' | 'layout' | 'group'>;

/** Batch, elements per image, elements per exponent, lanes; and the number of exponents. */
function view(cut: Cut): { arguments: [number, number, number, number]; groups: number } {
  const { lanes } = cut.layout;
  const count = elementCount(cut.shape);
  const batch = cut.shape[0] ?? 1;
  const rest = batch === 0 ? 0 : count / batch;
  const group = cut.group ?? Math.max(1, rest);
  if (!FIXED_LANES.includes(lanes)) throw internalError(`no fixed-point code for ${lanes} lanes`);
  if (count >= 2 ** 32) throw internalError(`${count} elements; draws are counted in 32 bits`);
  if (group < 1) throw internalError(`groups of ${group} elements`);
  return { arguments: [batch, rest, group, lanes], groups: Math.ceil(rest / group) };
}

function check(tensor: FixedTensor, integers: Integers, floats: Float32Array, floatLayout: Layout): number {
  const { layout, shape, word, exponents } = tensor;
  const { groups } = view(tensor);
  const count = elementCount(shape);
  const batch = shape[0] ?? 1;
  const stored = batch === 0 ? 0 : (count / batch) * Math.ceil(batch / layout.lanes) * layout.lanes;
  if (floatLayout.lanes !== 1 && floatLayout.lanes !== layout.lanes) {
    throw internalError(`floats in ${floatLayout.lanes} lanes, integers in ${layout.lanes}`);
  }
  if (integers.BYTES_PER_ELEMENT * 8 < word) throw internalError(`a ${word}-bit word in the wrong storage`);
  if (integers.length < stored || floats.length < (floatLayout.lanes === 1 ? count : stored)) {
    throw internalError(`too little memory for [${shape.join(' ')}]`);
  }
  if (exponents.length < groups || exponents.some((e) => Math.abs(e) > 126))
    throw internalError('exponents: too few or beyond ±126');
  return floatLayout.lanes > 1 ? 1 : 0;
}

const counts = new Float64Array(4);

/**
 * float32 → block floating point, reordered into the integers' layout in the same pass. `key` present: stochastic rounding.
 * Element (n, rest) draws by its row-major index, so layouts and threads do not change a bit. Padding lanes become zero.
 */
export function quantiseTensor(
  source: Float32Array,
  from: Layout,
  target: Integers,
  tensor: FixedTensor,
  key?: readonly [low: number, high: number],
): QuantiseCounts {
  const blocked = check(tensor, target, source, from);
  const [low, high] = key ?? [0, 0];
  const mode = key ? 1 : 0;
  toIntegers(
    source,
    blocked,
    target,
    target.BYTES_PER_ELEMENT * 8,
    ...view(tensor).arguments,
    tensor.word,
    tensor.exponents,
    mode,
    low,
    high,
    counts,
  );
  const [least, most, saturated, underflowed] = counts as unknown as [number, number, number, number];
  return { least: least + 0, most, saturated, underflowed };
}

/** Block floating point → float32 row-major or in the integers' lanes; with `add`, onto what is there. */
export function dequantiseTensor(
  source: Integers,
  tensor: FixedTensor,
  target: Float32Array,
  to: Layout,
  add = false,
): void {
  const blocked = check(tensor, source, target, to);
  const bits = source.BYTES_PER_ELEMENT * 8;
  toFloats(source, bits, target, blocked, ...view(tensor).arguments, tensor.exponents, add ? 1 : 0);
}

/** Least and most of every exponent group, zero always within: [groups][2]. Not finite where a value is not. */
export function extremes(source: Float32Array, cut: Cut): Float32Array {
  const { arguments: numbers, groups } = view(cut);
  const result = new Float32Array(groups * 2);
  extremesOf(source, ...numbers, result);
  return result;
}
