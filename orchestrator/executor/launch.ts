import type { Tensor } from '../blob/index.ts';
import type { Command, Device } from '../device/index.ts';
import type { FixedOptions } from '../kernels/index.ts';
import type { Net, NetLayer, ParamSet } from '../net/index.ts';
import type { LaunchPass, LaunchStep, Plan } from '../plan/index.ts';
import type { PlanMemory } from './memory.ts';
import type { Residency } from './residency.ts';

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
  /** Block floating point; then the bias port has 64-bit integers from `biasOffset` on. */
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

interface Operand {
  readonly tensor: Tensor;
  readonly argument: number;
  readonly mode: 'read' | 'write';
}

/** Enqueues launch steps; descriptor lists are written once per step and kept. */
export class Launcher {
  private readonly net: Net;
  private readonly plan: Plan;
  private readonly params: ParamSet;
  private readonly memory: PlanMemory;
  private readonly device: Device;
  private readonly residency: Residency;
  private readonly writer: DescriptorWriter;
  private readonly lists = new Map<string, ReturnType<DescriptorWriter>>();

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

  private operands(step: LaunchStep, biasUsed: boolean, weightsUsed: boolean): Operand[] {
    const tensor = (value: number, part: 'data' | 'diff') => this.memory.tensor(value, part);
    const weights = this.params.blobs[step.weights]!;
    const bias = step.bias >= 0 ? this.params.blobs[step.bias]! : undefined;
    const read = (t: Tensor, argument: number): Operand => ({ tensor: t, argument, mode: 'read' });
    const write = (t: Tensor, argument: number): Operand => ({ tensor: t, argument, mode: 'write' });
    switch (step.pass) {
      case 'forward':
        return [
          read(weights.dataTensor, A),
          read(tensor(step.bottom, 'data'), B),
          write(tensor(step.top, 'data'), C),
          ...(bias ? [read(bias.dataTensor, BIAS)] : []),
        ];
      case 'backward-data':
        return [read(weights.dataTensor, A), read(tensor(step.top, 'diff'), B), write(tensor(step.bottom, 'diff'), C)];
      case 'backward-weights':
        return [
          read(tensor(step.top, 'diff'), A),
          read(tensor(step.bottom, 'data'), B),
          ...(weightsUsed ? [write(weights.diffTensor, C)] : []),
          ...(bias && biasUsed ? [write(bias.diffTensor, BIAS)] : []),
        ];
    }
  }

  launch(step: LaunchStep, accumulate: boolean): Command[] {
    const layer = this.net.layers[step.layer]!;
    const weightsWanted = layer.paramPropagate[0] === true;
    const biasWanted = layer.paramPropagate[1] === true;
    const key = `${step.layer} ${step.pass} ${accumulate}`;
    let list = this.lists.get(key);
    if (!list) {
      const bottom = this.plan.values[step.bottom]!.shape;
      const top = this.plan.values[step.top]!.shape;
      list = this.writer({
        layer,
        bottom,
        top,
        pass: step.pass,
        lanes: this.plan.lanes,
        accumulate,
        weightsWanted,
        biasWanted,
      });
      this.lists.set(key, list);
    }
    const operands = this.operands(step, biasWanted, weightsWanted);
    const after = new Set<Command>();
    const buffers = [undefined, undefined, undefined, undefined] as Parameters<
      Device['launch']
    >[0]['operands'][number][];
    for (const { tensor, argument, mode } of operands) {
      const use =
        mode === 'read'
          ? this.residency.forKernelRead(tensor, argument)
          : this.residency.forKernelWrite(tensor, argument, accumulate && step.pass === 'backward-weights');
      buffers[argument] = use.buffer;
      for (const command of use.after) if (!command.done) after.add(command);
    }
    const waitFor = [...after];
    const commands = list.map(({ computeUnit, descriptors }) =>
      this.device.launch({ label: `${layer.name} ${step.pass}`, computeUnit, operands: buffers, descriptors }, waitFor),
    );
    this.residency.launched(
      commands,
      operands.filter((o) => o.mode === 'read').map((o) => o.tensor),
      operands.filter((o) => o.mode === 'write'),
    );
    return commands;
  }
}
