import { type Layout, type Shape, storedCount, Tensor } from '../blob/index.ts';
import { dequantiseTensor } from '../math/quantise.ts';
import {
  drawKey,
  type ExponentState,
  NO_HISTORY,
  type PrecisionSettings,
  quantiseAcross,
  type Role,
  type Storage,
  storageView,
} from '../precision/index.ts';
import type { Residency } from './residency.ts';

/** How numbers are rounded and scaled in a run; everything that a draw depends on beside tensor, pass and element. */
export type FixedRules = Pick<PrecisionSettings, 'rounding' | 'exponents'> & { readonly seed: number };

/** A float tensor as a launch sees it. `values` are its floats in `layout`. */
export interface FloatSource {
  readonly name: string;
  readonly tensor: Tensor;
  readonly shape: Shape;
  readonly layout: Layout;
  values(): Float32Array;
}

/** Fixed-point elements in memory that the card mirrors. */
export interface Integers {
  readonly tensor: Tensor;
  readonly data: Storage;
}

/** A quantised copy of a float tensor; good until the floats change. */
interface Copy extends Integers {
  readonly word: number;
  readonly bits: number;
  readonly lanes: number;
  exponent: number;
  valid: boolean;
}

/** How often elements left the word or became zero, per tensor and role, since the run's begin. */
export interface TensorCounts {
  word: number;
  exponent: number;
  elements: number;
  saturated: number;
  underflowed: number;
}

/** `bits` of an engine store any word that fits them: a 6-bit word on an int16 engine is int16. */
const storedAs = (bits: number) => (bits === 8 ? 8 : 16);

/** Memory for `elements` of the engine's width, in whole floats so that it is a tensor like others. */
export function integers(name: string, bits: number, elements: number): Integers {
  const tensor = new Tensor(name, Math.max(1, Math.ceil((elements * bits) / 32)));
  return { tensor, data: storageView(tensor.host, storedAs(bits), elements) };
}

/**
 * Quantised copies of the float tensors that launches read. A copy is made once per change of its floats, reordered into the
 * card's lanes in the same pass, and kept for the backward pass.
 */
export class FixedTensors {
  readonly counts = new Map<string, TensorCounts>();
  /** Milliseconds spent at the boundary so far: floats to integers and back, reorders included. */
  readonly spent = { quantise: 0, dequantise: 0 };
  private readonly residency: Residency;
  private readonly rules: FixedRules;
  private readonly copies = new Map<Tensor, Copy[]>();
  private readonly states = new Map<string, ExponentState>();

  constructor(residency: Residency, rules: FixedRules) {
    this.residency = residency;
    this.rules = rules;
  }

  /** The copy of a tensor in a role at `word` bits; `pass` counts forward passes and keys the draws. */
  quantised(source: FloatSource, role: Role, word: number, bits: number, lanes: number, pass: number): Copy {
    const copy = this.copyFor(source, word, bits, lanes);
    if (copy.valid) return copy;
    const name = `${source.name}.${role}`;
    const rounding = this.rules.rounding[role];
    const { residency } = this;
    residency.hostRead(residency.of([source.tensor]));
    residency.hostWrite(residency.of([copy.tensor]));
    const begin = performance.now();
    const shape = role === 'weights' ? [1, ...source.shape] : source.shape;
    const { exponents, counts, state } = quantiseAcross(
      name,
      source.values(),
      source.layout,
      copy.data,
      { lanes },
      shape,
      { word, rounding, exponents: this.rules.exponents },
      drawKey(this.rules.seed, name, pass),
      this.states.get(name) ?? NO_HISTORY,
    );
    this.spent.quantise += performance.now() - begin;
    if (this.rules.exponents.kind === 'delayed') this.states.set(name, state);
    copy.exponent = exponents[0] ?? 0;
    copy.valid = true;
    this.count(name, word, copy.exponent, source.values().length, counts);
    return copy;
  }

  private copyFor({ tensor, name, shape }: FloatSource, word: number, bits: number, lanes: number): Copy {
    let list = this.copies.get(tensor);
    if (!list) {
      list = [];
      this.copies.set(tensor, list);
    }
    const known = list.find((c) => c.word === word && c.bits === bits && c.lanes === lanes);
    if (known) return known;
    const own = integers(`${name} (${word} bits)`, bits, storedCount(shape, { lanes }));
    const copy: Copy = { ...own, word, bits, lanes, exponent: 0, valid: false };
    list.push(copy);
    return copy;
  }

  count(name: string, word: number, exponent: number, elements: number, c: { saturated: number; underflowed: number }) {
    const sum = this.counts.get(name) ?? { word, exponent, elements: 0, saturated: 0, underflowed: 0 };
    this.counts.set(name, {
      word,
      exponent,
      elements: sum.elements + elements,
      saturated: sum.saturated + c.saturated,
      underflowed: sum.underflowed + c.underflowed,
    });
  }

  /** The floats of these tensors are about to be others. */
  changed(tensors: readonly Tensor[]): void {
    for (const tensor of tensors) for (const copy of this.copies.get(tensor) ?? []) copy.valid = false;
  }

  /** What delayed exponents look back on, by tensor: plain JSON. */
  get history(): Map<string, ExponentState> {
    return this.states;
  }

  /** Bytes of the copies. */
  get bytes(): number {
    return [...this.copies.values()].flat().reduce((sum, c) => sum + c.data.byteLength, 0);
  }
}

/** Integers of the card → floats of the host, in one pass with the reorder; `add`: onto what is there. */
export function dequantiseInto(
  from: Integers,
  lanes: number,
  shape: Shape,
  bits: number,
  exponent: number,
  target: Float32Array,
  layout: Layout,
  add: boolean,
): void {
  const tensor = { shape, layout: { lanes }, word: storedAs(bits), exponents: Int32Array.of(exponent) };
  dequantiseTensor(from.data, tensor, target, layout, add);
}
