import type { Layout, Shape } from '../blob/index.ts';
import { CremaError } from '../core/index.ts';
import { extremes, type QuantiseCounts, quantiseTensor } from '../math/quantise.ts';
import { delayedExponent, type ExponentRule, type ExponentState, observeMagnitude } from './exponents.ts';
import { exponentOf, type Storage } from './format.ts';
import type { DrawKey, Rounding } from './rounding.ts';

/** How a float tensor becomes fixed point. */
export interface TensorRule {
  readonly word: number;
  readonly rounding: Rounding;
  readonly exponents: ExponentRule;
  /** Channels (axis 1) per exponent; undefined: one exponent. Weights are given as [1, outputs, …]. */
  readonly channelBlock?: number | undefined;
}

export interface Quantised {
  /** One per channel block. */
  readonly exponents: Int32Array;
  readonly counts: QuantiseCounts;
  /** For the next use of the tensor. */
  readonly state: ExponentState;
}

/** Elements of an image that share an exponent. */
export function exponentGroup(shape: Shape, channelBlock: number | undefined): number | undefined {
  return channelBlock === undefined ? undefined : channelBlock * shape.slice(2).reduce((a, b) => a * b, 1);
}

function chooseExponents(
  source: Float32Array,
  from: Layout,
  shape: Shape,
  rule: TensorRule,
  state: ExponentState,
): Int32Array {
  if (rule.exponents.kind === 'delayed') {
    const delayed = delayedExponent(state, rule.word, rule.exponents.margin);
    if (delayed !== undefined) return Int32Array.of(delayed);
  }
  const found = extremes(source, { shape, layout: from, group: exponentGroup(shape, rule.channelBlock) });
  return Int32Array.from({ length: found.length / 2 }, (_, g) =>
    exponentOf(found[2 * g]!, found[2 * g + 1]!, rule.word),
  );
}

/**
 * float32 → fixed point across the boundary to the card: exponents by the rule, then one pass that quantises, reorders and counts.
 * `name` is for errors. Throws `diverged` where a value is not finite.
 */
export function quantiseAcross(
  name: string,
  source: Float32Array,
  from: Layout,
  target: Storage,
  to: Layout,
  shape: Shape,
  rule: TensorRule,
  key: DrawKey,
  state: ExponentState,
): Quantised {
  const refuse = () => new CremaError('diverged', { path: name, message: 'a value is not finite', code: 'not-finite' });
  let exponents: Int32Array;
  try {
    exponents = chooseExponents(source, from, shape, rule, state);
  } catch (error) {
    if (error instanceof CremaError && error.kind === 'diverged') throw refuse();
    throw error;
  }
  const tensor = { shape, layout: to, word: rule.word, exponents, group: exponentGroup(shape, rule.channelBlock) };
  const counts = quantiseTensor(source, from, target, tensor, rule.rounding === 'stochastic' ? key : undefined);
  if (!Number.isFinite(counts.least) || !Number.isFinite(counts.most)) throw refuse();
  const history = rule.exponents.kind === 'delayed' ? rule.exponents.history : 0;
  return { exponents, counts, state: observeMagnitude(state, Math.max(-counts.least, counts.most), history) };
}
