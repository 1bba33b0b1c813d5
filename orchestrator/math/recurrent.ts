import { hostFunction } from './host.ts';

const p = 'pointer' as const;

/**
 * One LSTM step over [streams][units]. Gates [streams][4][units] (input, forget, output, candidate) arrive before activation,
 * get `recurrent` and `fixed` added (each may be null), and leave activated; cell and hidden are written.
 */
export const lstmStepForward = hostFunction('crema_lstm_step_forward', ['i64', 'i64', p, p, p, p, p, p, p]) as (
  streams: number,
  units: number,
  cont: Float32Array,
  gates: Float32Array,
  recurrent: Float32Array | null,
  fixed: Float32Array | null,
  previous: Float32Array,
  cell: Float32Array,
  hidden: Float32Array,
) => void;

/** Gradients of one step: of the gates before activation and of the previous cell (`previousDiff` may be `cellDiff`). */
export const lstmStepBackward = hostFunction('crema_lstm_step_backward', ['i64', 'i64', p, p, p, p, p, p, p]) as (
  streams: number,
  units: number,
  gates: Float32Array,
  previous: Float32Array,
  cell: Float32Array,
  cellDiff: Float32Array,
  hiddenDiff: Float32Array,
  gatesDiff: Float32Array,
  previousDiff: Float32Array,
) => void;

/** y[n] = scale[n] · x[n], rows of `units`. */
export const scaleRows = hostFunction('crema_scale_rows', ['i64', 'i64', p, p, p]) as (
  rows: number,
  units: number,
  scale: Float32Array,
  x: Float32Array,
  y: Float32Array,
) => void;
