import type { Blob, Shape } from '../blob/index.ts';
import { accumulate, weightedSum } from '../math/eltwise.ts';
import { innerProductBackwardData, innerProductBackwardWeights, innerProductForward } from '../math/inner-product.ts';
import { lstmStepBackward, lstmStepForward, scaleRows } from '../math/recurrent.ts';
import type { LayerParameter } from '../proto/index.ts';
import type { Layer, LayerType, ParamSpec } from './layer.ts';
import { fixedOf, packState, Recurrence, resized, stepOf, unpackState } from './recurrent.ts';

class Lstm implements Layer {
  params: readonly ParamSpec[] = [];
  private readonly recurrence: Recurrence;
  /** Activated gates [T·N][4·D], previous hidden times cont [T·N][D], cells [T+1][N·D] from the initial one on. */
  private gates: Float32Array = new Float32Array(0);
  private entering: Float32Array = new Float32Array(0);
  private cells: Float32Array = new Float32Array(0);
  /** Hidden state after the last pass, where the next one begins. */
  private hidden: Float32Array = new Float32Array(0);

  constructor(param: LayerParameter) {
    this.recurrence = new Recurrence(param, 2);
  }

  privateBytes(): number {
    return this.gates.byteLength + this.entering.byteLength + this.cells.byteLength + this.hidden.byteLength;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const tops = this.recurrence.reshape(bottoms);
    const { inputs, fixedInputs, units } = this.recurrence.extent;
    const { weight_filler, bias_filler } = this.recurrence.settings;
    const weight = (name: string, columns: number): ParamSpec => ({
      name,
      shape: [4 * units, columns],
      filler: weight_filler ?? undefined,
    });
    this.params = [
      weight('W_xc', inputs),
      { name: 'b_c', shape: [4 * units], filler: bias_filler ?? undefined },
      ...(this.recurrence.hasFixed ? [weight('W_xc_static', fixedInputs)] : []),
      weight('W_hc', units),
    ];
    return tops;
  }

  forward(bottoms: readonly Blob[], tops: readonly Blob[], params: readonly Blob[]): void {
    const { steps, streams, inputs, fixedInputs, units } = this.recurrence.extent;
    const size = streams * units;
    const fixed = fixedOf(this.recurrence, bottoms);
    this.gates = resized(this.gates, 4 * steps * size);
    this.entering = resized(this.entering, steps * size);
    this.cells = resized(this.cells, (steps + 1) * size);
    this.hidden = resized(this.hidden, size);
    this.begin(bottoms, size, steps);
    innerProductForward(
      bottoms[0]!.data,
      params[0]!.data,
      params[1]!.data,
      this.gates,
      steps * streams,
      inputs,
      4 * units,
      0,
    );
    let constant: Float32Array | null = null;
    if (fixed) {
      constant = new Float32Array(4 * size);
      innerProductForward(fixed.data, params[2]!.data, null, constant, streams, fixedInputs, 4 * units, 0);
    }
    const recurrent = new Float32Array(4 * size);
    for (let t = 0; t < steps; t++) {
      const cont = stepOf(bottoms[1]!.data, t, streams);
      const entering = stepOf(this.entering, t, size);
      const before = t === 0 ? this.hidden : stepOf(tops[0]!.data, t - 1, size);
      scaleRows(streams, units, cont, before, entering);
      innerProductForward(entering, params.at(-1)!.data, null, recurrent, streams, units, 4 * units, 0);
      lstmStepForward(
        streams,
        units,
        cont,
        stepOf(this.gates, t, 4 * size),
        recurrent,
        constant,
        stepOf(this.cells, t, size),
        stepOf(this.cells, t + 1, size),
        stepOf(tops[0]!.data, t, size),
      );
    }
    if (steps > 0) this.hidden.set(stepOf(tops[0]!.data, steps - 1, size));
    tops[1]?.data.set(this.hidden);
    tops[2]?.data.set(stepOf(this.cells, steps, size));
  }

  /** The state of the last pass goes on, unless the net hands one in. */
  private begin(bottoms: readonly Blob[], size: number, steps: number): void {
    const first = stepOf(this.cells, 0, size);
    if (this.recurrence.exposed) {
      const at = this.recurrence.firstState;
      this.hidden.set(bottoms[at]!.data.subarray(0, size));
      first.set(bottoms[at + 1]!.data.subarray(0, size));
    } else first.set(stepOf(this.cells, steps, size));
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
    const gatesDiff = new Float32Array(4 * steps * size);
    const later = tops[1] ? Float32Array.from(tops[1].diff.subarray(0, size)) : new Float32Array(size);
    const cellDiff = tops[2] ? Float32Array.from(tops[2].diff.subarray(0, size)) : new Float32Array(size);
    const hiddenDiff = new Float32Array(size);
    for (let t = steps - 1; t >= 0; t--) {
      const dg = stepOf(gatesDiff, t, 4 * size);
      weightedSum(size, 1, stepOf(tops[0]!.diff, t, size), 1, later, hiddenDiff);
      const gates = stepOf(this.gates, t, 4 * size);
      const [before, cell] = [stepOf(this.cells, t, size), stepOf(this.cells, t + 1, size)];
      lstmStepBackward(streams, units, gates, before, cell, cellDiff, hiddenDiff, dg, cellDiff);
      innerProductBackwardData(dg, params.at(-1)!.data, later, streams, units, 4 * units, 0);
      scaleRows(streams, units, stepOf(bottoms[1]!.data, t, streams), later, later);
    }
    if (learns[0])
      innerProductBackwardWeights(bottoms[0]!.data, gatesDiff, params[0]!.diff, rows, inputs, 4 * units, 0);
    if (learns[1]) {
      innerProductBackwardWeights(new Float32Array(rows).fill(1), gatesDiff, params[1]!.diff, rows, 1, 4 * units, 0);
    }
    const last = params.length - 1;
    if (learns[last])
      innerProductBackwardWeights(this.entering, gatesDiff, params[last]!.diff, rows, units, 4 * units, 0);
    if (wanted[0]) innerProductBackwardData(gatesDiff, params[0]!.data, bottoms[0]!.diff, rows, inputs, 4 * units, 0);
    const fixed = fixedOf(this.recurrence, bottoms);
    if (fixed) {
      const sum = new Float32Array(4 * size);
      for (let t = 0; t < steps; t++) accumulate(4 * size, 1, stepOf(gatesDiff, t, 4 * size), sum);
      if (learns[2]) innerProductBackwardWeights(fixed.data, sum, params[2]!.diff, streams, fixedInputs, 4 * units, 0);
      if (wanted[2]) innerProductBackwardData(sum, params[2]!.data, fixed.diff, streams, fixedInputs, 4 * units, 0);
    }
    if (!this.recurrence.exposed) return;
    const at = this.recurrence.firstState;
    if (wanted[at]) bottoms[at]!.diff.set(later);
    if (wanted[at + 1]) bottoms[at + 1]!.diff.set(cellDiff);
  }

  saveState(): unknown {
    const { steps, streams, units } = this.recurrence.extent;
    const size = streams * units;
    const cell = this.cells.length > 0 ? stepOf(this.cells, steps, size) : this.cells;
    return { hidden: packState(this.hidden), cell: packState(cell) };
  }

  loadState(state: unknown): void {
    const { hidden, cell } = state as { hidden: string; cell: string };
    const { steps, streams, units } = this.recurrence.extent;
    this.hidden = unpackState(hidden);
    if (this.hidden.length === 0) return;
    this.cells = resized(this.cells, (steps + 1) * streams * units);
    this.cells.set(unpackState(cell), steps * streams * units);
  }
}

/**
 * Long short-term memory over a sequence; state goes on from pass to pass, cont 0 begins anew. With expose_hidden the states are
 * bottoms and tops, with gradients. Params W_xc, b_c, [W_xc_static], W_hc. Donahue et al., CVPR 2015.
 */
export const lstmLayer: LayerType = {
  type: 'LSTM',
  bottoms: { min: 2, max: 5 },
  tops: { min: 1, max: 3 },
  layouts: 'nchw',
  noGradientBottoms: [1],
  backwardReads: { bottoms: true, tops: false },
  plannedBytes(_, { tops }) {
    const [steps, streams, units] = tops[0]!.shape as [number, number, number];
    return 4 * streams * units * (6 * steps + 2);
  },
  create: (param) => new Lstm(param),
};
