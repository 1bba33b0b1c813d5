import type { Blob, Shape } from '../blob/index.ts';
import { sameShape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { create, type LayerParameter, type RecurrentParameter } from '../proto/index.ts';
import { countBetween, shapeText } from './axes.ts';

/** Sizes of a recurrent layer: time steps, streams side by side, inputs of x and of the static bottom, units. */
export interface Extent {
  readonly steps: number;
  readonly streams: number;
  readonly inputs: number;
  readonly fixedInputs: number;
  readonly units: number;
}

/** What LSTM and RNN share: bottoms x, cont, [x_static], [states if exposed]; tops sequence, [states if exposed]. */
export class Recurrence {
  readonly settings: RecurrentParameter;
  /** The optional bottom that feeds every time step. */
  readonly hasFixed: boolean;
  readonly exposed: boolean;
  private readonly states: number;
  extent: Extent = { steps: 0, streams: 0, inputs: 0, fixedInputs: 0, units: 0 };

  constructor(param: LayerParameter, states: number) {
    this.settings = param.recurrent_param ?? create('RecurrentParameter');
    this.states = states;
    this.exposed = this.settings.expose_hidden;
    const extra = this.exposed ? states : 0;
    const bottoms = param.bottom.length - extra;
    this.hasFixed = bottoms === 3;
    const refuse = (message: string, path: string, expected: string) =>
      inputError({ message, path, expected, code: 'recurrent' });
    if (bottoms !== 2 && bottoms !== 3) {
      throw refuse(`${param.bottom.length} bottoms`, 'bottom', `${2 + extra} or ${3 + extra} bottoms`);
    }
    if (param.top.length !== 1 + extra) throw refuse(`${param.top.length} tops`, 'top', `${1 + extra} tops`);
    if (this.settings.num_output > 0) return;
    throw refuse('num_output is not given', 'recurrent_param > num_output', 'an integer ≥ 1');
  }

  /** Index of the first exposed state among the bottoms. */
  get firstState(): number {
    return this.hasFixed ? 3 : 2;
  }

  reshape(bottoms: readonly Shape[]): Shape[] {
    const [x, cont] = bottoms;
    const units = this.settings.num_output;
    const refuse = (i: number, expected: string) =>
      inputError({
        message: `bottom ${i} is ${shapeText(bottoms[i]!)}`,
        path: `bottom[${i}]`,
        expected,
        code: 'recurrent',
      });
    if (x!.length < 2) throw refuse(0, 'at least two axes: time steps, streams');
    const [steps, streams] = x! as [number, number];
    if (!sameShape(cont!, [steps, streams])) throw refuse(1, `sequence markers [${steps}, ${streams}]`);
    const fixed = this.hasFixed ? bottoms[2]! : undefined;
    if (fixed && fixed[0] !== streams) throw refuse(2, `${streams} streams along its first axis`);
    const state = [1, streams, units];
    for (let i = this.firstState; i < bottoms.length; i++) {
      if (!sameShape(bottoms[i]!, state)) throw refuse(i, `a state [${state.join(', ')}]`);
    }
    this.extent = {
      steps,
      streams,
      inputs: countBetween(x!, 2),
      fixedInputs: fixed ? countBetween(fixed, 1) : 0,
      units,
    };
    return [[steps, streams, units], ...(this.exposed ? new Array<Shape>(this.states).fill(state) : [])];
  }
}

/** Step t of a [steps][streams][width] run of values. */
export const stepOf = (values: Float32Array, t: number, size: number): Float32Array =>
  values.subarray(t * size, (t + 1) * size);

/** A state between passes as text for a snapshot, exact to the bit. */
export const packState = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

export function unpackState(text: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float32Array(bytes.buffer, 0, bytes.length / 4);
}

/** Memory of one pass, kept as long as the size stays. */
export function resized(values: Float32Array, length: number): Float32Array {
  return values.length === length ? values : new Float32Array(length);
}

/** The static bottom, or undefined. */
export const fixedOf = (recurrence: Recurrence, bottoms: readonly Blob[]): Blob | undefined =>
  recurrence.hasFixed ? bottoms[2] : undefined;
