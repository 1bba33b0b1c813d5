import { type Blob, type Shape, sameShape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { lstmStepBackward, lstmStepForward } from '../math/recurrent.ts';
import { shapeText } from './axes.ts';
import type { Layer, LayerType } from './layer.ts';

class LstmUnit implements Layer {
  readonly params = [];
  private gates = new Float32Array(0);

  privateBytes(): number {
    return this.gates.byteLength;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const [cell, gates, cont] = bottoms;
    const [, streams, units] = cell!;
    const fits =
      cell!.length === 3 &&
      cell![0] === 1 &&
      sameShape(gates!, [1, streams!, 4 * units!]) &&
      cont!.length >= 1 &&
      cont![0] === 1 &&
      (cont![1] ?? 1) === streams;
    if (fits) return [cell!, cell!];
    throw inputError({
      message: `bottoms are ${bottoms.map(shapeText).join(', ')}`,
      path: 'bottom',
      expected: 'cell [1, N, D], gates [1, N, 4·D] and sequence markers [1, N]',
      code: 'lstm-unit',
    });
  }

  forward([previous, given, cont]: readonly Blob[], [cell, hidden]: readonly Blob[]): void {
    const [, streams, units] = previous!.shape;
    this.gates = Float32Array.from(given!.data.subarray(0, given!.count));
    const markers = cont!.data;
    lstmStepForward(streams!, units!, markers, this.gates, null, null, previous!.data, cell!.data, hidden!.data);
  }

  backward([cell, hidden]: readonly Blob[], wanted: readonly boolean[], [previous, given]: readonly Blob[]): void {
    const [, streams, units] = previous!.shape;
    const scratch = (i: number, blob: Blob) => (wanted[i] ? blob.diff : new Float32Array(blob.count));
    lstmStepBackward(
      streams!,
      units!,
      this.gates,
      previous!.data,
      cell!.data,
      cell!.diff,
      hidden!.diff,
      scratch(1, given!),
      scratch(0, previous!),
    );
  }
}

/** One step of an LSTM: previous cell, gate inputs and sequence markers to cell and hidden. */
export const lstmUnitLayer: LayerType = {
  type: 'LSTMUnit',
  bottoms: { min: 3, max: 3 },
  tops: { min: 2, max: 2 },
  layouts: 'nchw',
  noGradientBottoms: [2],
  plannedBytes: (_, { bottoms }) => 4 * bottoms[1]!.stored,
  create: () => new LstmUnit(),
};
