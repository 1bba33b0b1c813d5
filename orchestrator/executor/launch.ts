import type { Command, Device, DeviceBuffer, LaunchRequest } from '../device/index.ts';
import type { FixedOptions } from '../kernels/index.ts';
import type { Net, NetLayer, ParamSet } from '../net/index.ts';
import type { LaunchPass, LaunchStep, Plan } from '../plan/index.ts';
import type { WordLengths } from '../precision/index.ts';
import type { PlanMemory } from './memory.ts';
import type { Bound, Operand, Residency } from './residency.ts';

/** What a launch is to do, for whoever writes op descriptors (kernels/). */
export interface LaunchTask {
  readonly layer: NetLayer;
  readonly bottom: readonly number[];
  readonly top: readonly number[];
  readonly pass: LaunchPass;
  readonly lanes: number;
  readonly accumulate: boolean;
  /** Backward-weights: which gradients are wanted. */
  readonly weightsWanted: boolean;
  readonly biasWanted: boolean;
  /** Block floating point of these word lengths. */
  readonly words?: WordLengths | undefined;
  /** Its descriptors' part; then the bias port has 64-bit integers from `biasOffset` on. */
  readonly fixed?: FixedOptions;
  readonly biasOffset?: number;
}

/** Op descriptors of a task, one list per compute unit that takes part. */
export type DescriptorWriter = (
  task: LaunchTask,
) => readonly { readonly computeUnit: number; readonly descriptors: Uint8Array }[];

/** Arguments of the engine kernel. */
const A = 0;
const B = 1;
const C = 2;
const BIAS = 3;

/** What every run of one launch step has in common. */
interface Prepared {
  readonly reads: readonly Bound[];
  readonly writes: readonly Bound[];
  /** What is written is added to. */
  readonly preload: boolean;
  /** Buffers by kernel argument, looked up anew in every run; the requests hold this list. */
  readonly buffers: (DeviceBuffer | undefined)[];
  /** One per compute unit that takes part. */
  readonly requests: readonly LaunchRequest[];
}

/** Enqueues launch steps; what does not change from run to run, descriptors above all, is made once per step and kept. */
export class Launcher {
  private readonly net: Net;
  private readonly plan: Plan;
  private readonly params: ParamSet;
  private readonly memory: PlanMemory;
  private readonly device: Device;
  private readonly residency: Residency;
  private readonly writer: DescriptorWriter;
  private readonly overwriting = new Map<LaunchStep, Prepared>();
  private readonly accumulating = new Map<LaunchStep, Prepared>();

  constructor(
    net: Net,
    plan: Plan,
    params: ParamSet,
    memory: PlanMemory,
    device: Device,
    residency: Residency,
    writer: DescriptorWriter,
  ) {
    this.net = net;
    this.plan = plan;
    this.params = params;
    this.memory = memory;
    this.device = device;
    this.residency = residency;
    this.writer = writer;
  }

  private operands(step: LaunchStep): Record<'reads' | 'writes', Operand[]> {
    const { paramPropagate } = this.net.layers[step.layer]!;
    const weights = this.params.blobs[step.weights]!;
    const bias = step.bias >= 0 ? this.params.blobs[step.bias]! : undefined;
    const value = (id: number, part: 'data' | 'diff', argument: number): Operand => ({
      tensor: this.memory.tensor(id, part),
      argument,
    });
    const weightData = { tensor: weights.dataTensor, argument: A };
    switch (step.pass) {
      case 'forward':
        return {
          reads: [
            weightData,
            value(step.bottom, 'data', B),
            ...(bias ? [{ tensor: bias.dataTensor, argument: BIAS }] : []),
          ],
          writes: [value(step.top, 'data', C)],
        };
      case 'backward-data':
        return { reads: [weightData, value(step.top, 'diff', B)], writes: [value(step.bottom, 'diff', C)] };
      case 'backward-weights':
        return {
          reads: [value(step.top, 'diff', A), value(step.bottom, 'data', B)],
          writes: [
            ...(paramPropagate[0] ? [{ tensor: weights.diffTensor, argument: C }] : []),
            ...(bias && paramPropagate[1] ? [{ tensor: bias.diffTensor, argument: BIAS }] : []),
          ],
        };
    }
  }

  private prepare(step: LaunchStep, accumulate: boolean): Prepared {
    const layer = this.net.layers[step.layer]!;
    const list = this.writer({
      layer,
      bottom: this.plan.values[step.bottom]!.shape,
      top: this.plan.values[step.top]!.shape,
      pass: step.pass,
      lanes: this.plan.lanes,
      accumulate,
      weightsWanted: layer.paramPropagate[0] === true,
      biasWanted: layer.paramPropagate[1] === true,
    });
    const buffers: Prepared['buffers'] = [undefined, undefined, undefined, undefined];
    const label = `${layer.name} ${step.pass}`;
    const { reads, writes } = this.operands(step);
    return {
      reads: this.residency.bind(reads),
      writes: this.residency.bind(writes),
      preload: accumulate && step.pass === 'backward-weights',
      buffers,
      requests: list.map(({ computeUnit, descriptors }) => ({ label, computeUnit, operands: buffers, descriptors })),
    };
  }

  launch(step: LaunchStep, accumulate: boolean): Command[] {
    const known = accumulate ? this.accumulating : this.overwriting;
    let prepared = known.get(step);
    if (!prepared) {
      prepared = this.prepare(step, accumulate);
      known.set(step, prepared);
    }
    const { reads, writes, preload, buffers, requests } = prepared;
    const { residency, device } = this;
    const after: Command[] = [];
    residency.forKernel(reads, writes, preload, buffers, after);
    const commands: Command[] = [];
    for (const request of requests) commands.push(device.launch(request, after));
    residency.launched(commands, reads, writes);
    return commands;
  }
}
