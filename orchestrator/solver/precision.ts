import type { Execution } from '../executor/index.ts';
import {
  type Decision,
  finalProgress,
  GradientWindow,
  levelName,
  type PolicyState,
  type PrecisionSettings,
  type TensorGradient,
  type TensorKind,
} from '../precision/index.ts';

/** What a switch did to the device. */
export interface LevelChange {
  /** Another bitstream will be loaded. */
  readonly reloads: boolean;
  readonly config: string;
}

export interface PrecisionOptions {
  readonly settings: PrecisionSettings;
  readonly iterationsPerEpoch: number;
  /** Makes the executions that follow compute at this level; all others are closed when it is called. */
  readonly useLevel: (level: number) => LevelChange;
}

/** JSON part of what a snapshot keeps; the sums of the open window go beside it. */
interface Saved {
  readonly policy: PolicyState;
  readonly entered: number | null;
  readonly window: readonly { readonly tensor: string; readonly squares: number; readonly elements: number }[];
  readonly decisions: readonly Decision[];
}

/** Drives a policy through a training: gradients of an epoch's last minibatch in, decisions out. */
export class PrecisionControl {
  readonly options: PrecisionOptions;
  readonly decisions: Decision[] = [];
  private policy: PolicyState;
  private readonly window: GradientWindow | undefined;
  /** First epoch at the last level. */
  private entered: number | undefined;

  constructor(options: PrecisionOptions) {
    this.options = options;
    const { policy } = options.settings;
    this.policy = policy.start();
    if (policy.window) this.window = new GradientWindow(policy.window);
    this.enter(0);
  }

  get level(): number {
    return this.policy.level;
  }

  get levelName(): string {
    return levelName(this.options.settings.ladder[this.level]!);
  }

  private enter(epoch: number): void {
    if (this.level === this.options.settings.ladder.length - 1) this.entered ??= epoch;
  }

  private epoch(iteration: number): number {
    return Math.floor(iteration / this.options.iterationsPerEpoch);
  }

  private progress(iteration: number) {
    const { final } = this.options.settings;
    if (!final) return { rate: 1, finished: false };
    return finalProgress(final, this.entered, this.epoch(iteration));
  }

  /** Factor on the solver's rate in this iteration. */
  rate(iteration: number): number {
    return this.progress(iteration).rate;
  }

  /** The epochs that follow the last switch are over. */
  finished(iteration: number): boolean {
    return this.progress(iteration).finished;
  }

  /** After the backward pass of `iteration`, host gradients valid: the decision, where an epoch ends with it. */
  observe(iteration: number, execution: Execution): Decision | undefined {
    if ((iteration + 1) % this.options.iterationsPerEpoch !== 0) return undefined;
    const epoch = this.epoch(iteration);
    const gradients = this.window?.add(epoch, gradientsOf(execution)) ?? [];
    const { state, decision } = this.options.settings.policy.observe(this.policy, { epoch, gradients });
    this.policy = state;
    this.decisions.push(decision);
    if (decision.switched) this.enter(epoch + 1);
    return decision;
  }

  /** State for a snapshot: JSON, and the arrays it speaks of in their order. */
  save(): { state: Saved; arrays: Float32Array[] } {
    const window = this.window?.save() ?? [];
    return {
      state: {
        policy: this.policy,
        entered: this.entered ?? null,
        window: window.map(({ tensor, squares, sum }) => ({ tensor, squares, elements: sum.length })),
        decisions: this.decisions,
      },
      arrays: window.map((w) => w.sum),
    };
  }

  load(state: unknown, arrays: readonly Float32Array[]): void {
    const saved = state as Saved;
    this.policy = saved.policy;
    this.entered = saved.entered ?? undefined;
    this.decisions.splice(0, this.decisions.length, ...saved.decisions);
    this.window?.restore(saved.window.map(({ tensor, squares }, i) => ({ tensor, squares, sum: arrays[i]! })));
  }
}

/** Matrices of convolutions and inner products are weights, their second blob is a bias. */
function kindOf(layerType: string, index: number): TensorKind {
  if (!['Convolution', 'Deconvolution', 'InnerProduct'].includes(layerType)) return 'other';
  return index === 0 ? 'weights' : 'bias';
}

/** Gradients of the loss as the last minibatch left them, before decay. */
function gradientsOf({ net, params }: Execution): TensorGradient[] {
  return net.learnable.map((index) => {
    const { key } = net.params[index]!;
    const layer = net.layers.find((l) => l.params.includes(index))!;
    const kind = kindOf(layer.type.type, layer.params.indexOf(index));
    return { layer: layer.name, tensor: key, kind, diff: params.blobs[index]!.diff };
  });
}
