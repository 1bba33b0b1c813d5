const f = Math.fround;

/** State of the running mean, for exact resume. */
export interface SmoothedState {
  readonly losses: readonly number[];
  readonly next: number;
  readonly value: number;
}

/** Mean of the last `window` losses, kept in float32 and updated as Caffe does, so that displayed digits agree. */
export class SmoothedLoss {
  private readonly window: number;
  private losses: number[] = [];
  private next = 0;
  value = 0;

  constructor(window: number) {
    this.window = window;
  }

  add(loss: number): void {
    if (this.losses.length < this.window) {
      this.losses.push(loss);
      const n = this.losses.length;
      this.value = f(f(f(this.value * (n - 1)) + loss) / n);
    } else {
      this.value = f(this.value + f(f(loss - this.losses[this.next]!) / this.window));
      this.losses[this.next] = loss;
    }
    this.next = (this.next + 1) % this.window;
  }

  save(): SmoothedState {
    return { losses: [...this.losses], next: this.next, value: this.value };
  }

  load(state: SmoothedState): void {
    this.losses = state.losses.slice(-this.window);
    this.next = state.next % this.window;
    this.value = state.value;
  }
}
