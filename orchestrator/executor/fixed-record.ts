import { Tensor } from '../blob/index.ts';

/** One compute unit's record: max|acc|, saturated, underflowed, nothing (hls/engine/descriptor.hpp). 64-bit integers. */
export const RECORD_WORDS = 4;
const RANGE = 2 ** 32;

export interface LaunchStatistics {
  /** Largest |sum| with bias, at the exponent of the sums. */
  readonly magnitude: number;
  readonly saturated: number;
  readonly underflowed: number;
}

/** What a fixed-point launch exchanges beside its tensors: a record per compute unit, then one 64-bit integer per output channel. */
export class LaunchRecord {
  readonly tensor: Tensor;
  private readonly units: number;
  private readonly outputs: number;
  private view: DataView | undefined;

  constructor(name: string, units: number, outputs: number) {
    this.units = units;
    this.outputs = outputs;
    this.tensor = new Tensor(name, (units * RECORD_WORDS + outputs) * 2);
  }

  /** Where the integers of the output channels begin, in 64-bit elements. */
  get channels(): number {
    return this.units * RECORD_WORDS;
  }

  private get words(): DataView {
    const { buffer, byteOffset } = this.tensor.host;
    this.view ??= new DataView(buffer, byteOffset, this.tensor.length * 4);
    return this.view;
  }

  private read(element: number): number {
    return this.words.getInt32(element * 8 + 4, true) * RANGE + this.words.getUint32(element * 8, true);
  }

  /** Integers below 2^53 in magnitude. */
  writeChannels(values: ArrayLike<number>): void {
    for (let i = 0; i < this.outputs; i++) {
      const at = (this.channels + i) * 8;
      this.words.setUint32(at, values[i]! >>> 0, true);
      this.words.setInt32(at + 4, Math.floor(values[i]! / RANGE), true);
    }
  }

  readChannels(): Float64Array {
    return Float64Array.from({ length: this.outputs }, (_, i) => this.read(this.channels + i));
  }

  /** All units together; the first `units` took part. */
  statistics(units: number): LaunchStatistics {
    let [magnitude, saturated, underflowed] = [0, 0, 0];
    for (let unit = 0; unit < units; unit++) {
      magnitude = Math.max(magnitude, this.read(unit * RECORD_WORDS));
      saturated += this.read(unit * RECORD_WORDS + 1);
      underflowed += this.read(unit * RECORD_WORDS + 2);
    }
    return { magnitude, saturated, underflowed };
  }
}
