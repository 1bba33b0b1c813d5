import type { Blob, Shape } from '../blob/index.ts';
import { tanhBackward, tanhForward } from '../math/elementwise.ts';
import { accumulate } from '../math/eltwise.ts';
import { innerProductBackwardData, innerProductBackwardWeights, innerProductForward } from '../math/inner-product.ts';
import { scaleRows } from '../math/recurrent.ts';
import type { LayerParameter } from '../proto/index.ts';
import type { Layer, LayerType, ParamSpec } from './layer.ts';
import { fixedOf, packState, Recurrence, resized, stepOf, unpackState } from './recurrent.ts';

class Rnn implements Layer {
  params: readonly ParamSpec[] = [];
  private readonly recurrence: Recurrence;
  /** Hidden states [T·N][D], and those that entered each step, times cont. */
  private states: Float32Array = new Float32Array(0);
  private entering: Float32Array = new Float32Array(0);
  /** Hidden state after the last pass, where the next one begins. */
  private hidden: Float32Array = new Float32Array(0);

  constructor(param: LayerParameter) {
    this.recurrence = new Recurrence(param, 1);
  }

  privateBytes(): number {
    return this.states.byteLength + this.entering.byteLength + this.hidden.byteLength;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const tops = this.recurrence.reshape(bottoms);
    const { inputs, fixedInputs, units } = this.recurrence.extent;
    const { weight_filler, bias_filler } = this.recurrence.settings;
    const weight = (name: string, columns: number): ParamSpec => ({
      name,
      shape: [units, columns],
      filler: weight_filler ?? undefined,
    });
    const bias = (name: string): ParamSpec => ({ name, shape: [units], filler: bias_filler ?? undefined });
    this.params = [
      weight('W_xh', inputs),
      bias('b_h'),
      ...(this.recurrence.hasFixed ? [weight('W_xh_static', fixedInputs)] : []),
      weight('W_hh', units),
      weight('W_ho', units),
      bias('b_o'),
    ];
    return tops;
  }

  forward(bottoms: readonly Blob[], tops: readonly Blob[], params: readonly Blob[]): void {
    const { steps, streams, inputs, fixedInputs, units } = this.recurrence.extent;
    const size = streams * units;
    const fixed = fixedOf(this.recurrence, bottoms);
    this.states = resized(this.states, steps * size);
    this.entering = resized(this.entering, steps * size);
    this.hidden = resized(this.hidden, size);
    if (this.recurrence.exposed) this.hidden.set(bottoms[this.recurrence.firstState]!.data.subarray(0, size));
    const [weights, bias] = params;
    innerProductForward(bottoms[0]!.data, weights!.data, bias!.data, this.states, steps * streams, inputs, units, 0);
    const term = new Float32Array(size);
    if (fixed) {
      innerProductForward(fixed.data, params[2]!.data, null, term, streams, fixedInputs, units, 0);
      for (let t = 0; t < steps; t++) accumulate(size, 1, term, stepOf(this.states, t, size));
    }
    for (let t = 0; t < steps; t++) {
      const state = stepOf(this.states, t, size);
      const entering = stepOf(this.entering, t, size);
      scaleRows(streams, units, stepOf(bottoms[1]!.data, t, streams), this.hidden, entering);
      innerProductForward(entering, params.at(-3)!.data, null, term, streams, units, units, 0);
      accumulate(size, 1, term, state);
      tanhForward(size, state, state);
      this.hidden.set(state);
    }
    const out = tops[0]!.data;
    innerProductForward(this.states, params.at(-2)!.data, params.at(-1)!.data, out, steps * streams, units, units, 0);
    tanhForward(steps * size, out, out);
    tops[1]?.data.set(this.hidden);
  }

  backward(
    tops: readonly Blob[],
    wanted: readonly boolean[],
    bottoms: readonly Blob[],
    params: readonly Blob[],
    learns: readonly boolean[],
  ): void {
    const { steps, streams, inputs, fixedInputs, units } = this.recurrence.extent;
    const size = streams * units;
    const rows = steps * streams;
    const ones = new Float32Array(rows).fill(1);
    const last = params.length - 1;
    const learn = (j: number, x: Float32Array, dy: Float32Array, batch: number, columns: number) => {
      if (learns[j]) innerProductBackwardWeights(x, dy, params[j]!.diff, batch, columns, units, 0);
    };
    const outDiff = new Float32Array(steps * size);
    const diff = new Float32Array(steps * size);
    tanhBackward(steps * size, tops[0]!.data, tops[0]!.diff, outDiff);
    learn(last - 1, this.states, outDiff, rows, units);
    learn(last, ones, outDiff, rows, 1);
    innerProductBackwardData(outDiff, params[last - 1]!.data, diff, rows, units, units, 0);
    const later = tops[1] ? Float32Array.from(tops[1].diff.subarray(0, size)) : new Float32Array(size);
    for (let t = steps - 1; t >= 0; t--) {
      const step = stepOf(diff, t, size);
      accumulate(size, 1, later, step);
      tanhBackward(size, stepOf(this.states, t, size), step, step);
      innerProductBackwardData(step, params[last - 2]!.data, later, streams, units, units, 0);
      scaleRows(streams, units, stepOf(bottoms[1]!.data, t, streams), later, later);
    }
    learn(0, bottoms[0]!.data, diff, rows, inputs);
    learn(1, ones, diff, rows, 1);
    learn(last - 2, this.entering, diff, rows, units);
    if (wanted[0]) innerProductBackwardData(diff, params[0]!.data, bottoms[0]!.diff, rows, inputs, units, 0);
    const fixed = fixedOf(this.recurrence, bottoms);
    if (fixed) {
      const sum = new Float32Array(size);
      for (let t = 0; t < steps; t++) accumulate(size, 1, stepOf(diff, t, size), sum);
      learn(2, fixed.data, sum, streams, fixedInputs);
      if (wanted[2]) innerProductBackwardData(sum, params[2]!.data, fixed.diff, streams, fixedInputs, units, 0);
    }
    const at = this.recurrence.firstState;
    if (this.recurrence.exposed && wanted[at]) bottoms[at]!.diff.set(later);
  }

  saveState(): unknown {
    return { hidden: packState(this.hidden) };
  }

  loadState(state: unknown): void {
    this.hidden = unpackState((state as { hidden: string }).hidden);
  }
}

/**
 * Simple recurrent net over a sequence: h = tanh(W_hh·h + W_xh·x + b_h), output tanh(W_ho·h + b_o). State as in LSTM.
 * Params W_xh, b_h, [W_xh_static], W_hh, W_ho, b_o.
 */
export const rnnLayer: LayerType = {
  type: 'RNN',
  bottoms: { min: 2, max: 4 },
  tops: { min: 1, max: 2 },
  layouts: 'nchw',
  noGradientBottoms: [1],
  plannedBytes(_, { tops }) {
    const [steps, streams, units] = tops[0]!.shape as [number, number, number];
    return 4 * streams * units * (2 * steps + 1);
  },
  create: (param) => new Rnn(param),
};
