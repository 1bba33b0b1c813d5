import { performance } from 'node:perf_hooks';
import { Blob, NCHW, type Tensor } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import type { Command, Device } from '../device/index.ts';
import { reorder } from '../math/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import { accesses, type HostStep, type Plan, type ReorderStep, type Step } from '../plan/index.ts';
import type { ExponentState } from '../precision/index.ts';
import { DynamicShapes } from './dynamic.ts';
import type { Execution, NetOutput } from './execution.ts';
import { FixedLauncher } from './fixed.ts';
import type { FixedRules } from './fixed-tensors.ts';
import { type DescriptorWriter, Launcher } from './launch.ts';
import { allocatePlan, type PlanMemory, parameterBytes } from './memory.ts';
import { type Residence, Residency } from './residency.ts';
import type { Observer } from './steps.ts';

export interface RunOptions {
  readonly device?: Device | undefined;
  /** Required with a device. */
  readonly descriptors?: DescriptorWriter | undefined;
  readonly observer?: Observer | undefined;
  /** Required where the plan has launches in block floating point. */
  readonly fixed?: FixedRules | undefined;
}

/** What a host-side step touches and passes on: the same in every run, except where shapes depend on values. */
interface StepMemory {
  readonly step: Step;
  readonly reads: readonly Tensor[];
  readonly writes: readonly Tensor[];
  /** The same as the card's side knows them; empty without a card. */
  readonly hostReads: readonly Residence[];
  readonly hostWrites: readonly Residence[];
  readonly bottoms: readonly Blob[];
  readonly tops: readonly Blob[];
  readonly params: readonly Blob[];
}

interface Loss {
  readonly value: number;
  readonly weight: number;
  readonly tensor: Tensor;
  readonly reads: readonly Residence[];
}

/** Runs a Plan: host steps here, launches and transfers on the card, ordered by events. */
export class PlanExecution implements Execution {
  readonly net: Net;
  readonly plan: Plan;
  readonly params: ParamSet;
  private readonly memory: PlanMemory;
  private readonly residency: Residency | undefined;
  private readonly launcher: Launcher | undefined;
  readonly fixed: FixedLauncher | undefined;
  pass = 0;
  private readonly observer: Observer | undefined;
  private readonly dynamic: DynamicShapes | undefined;
  private readonly forwardSteps: readonly StepMemory[];
  private readonly backwardSteps: readonly StepMemory[];
  private readonly losses: readonly Loss[];
  private readonly gradients: readonly Residence[];
  private readonly parameters: readonly Tensor[];
  private readonly writtenParameters: readonly Residence[];
  private readonly origin = performance.now();

  constructor(net: Net, plan: Plan, params: ParamSet, options: RunOptions = {}) {
    this.net = net;
    this.plan = plan;
    this.params = params;
    this.observer = options.observer;
    this.memory = allocatePlan(plan);
    if (DynamicShapes.neededBy(net)) this.dynamic = new DynamicShapes(net, this.memory);
    const { device, descriptors } = options;
    if (device && descriptors) {
      this.residency = new Residency(device);
      this.launcher = new Launcher(net, plan, params, this.memory, device, this.residency, descriptors);
      if (options.fixed && plan.placements.some((p) => p.words)) {
        const { memory, residency } = this;
        this.fixed = new FixedLauncher(
          { net, plan, params, memory, device, residency, writer: descriptors },
          options.fixed,
        );
      }
      if (this.observer) {
        const observer = this.observer;
        this.residency.onTransfer = (buffers, command, direction) => {
          if (!observer.active) return;
          const label = buffers.map(({ tensor }) => tensor.name).join(', ');
          const bytes = buffers.reduce((sum, buffer) => sum + buffer.bytes, 0);
          observer.transfer({ label, direction, bytes, command });
        };
      }
    }
    this.forwardSteps = plan.forward.map((step) => this.memoryOf(step));
    this.backwardSteps = plan.backward.map((step) => this.memoryOf(step));
    this.losses = net.layers.flatMap((layer) =>
      layer.lossWeights.flatMap((weight, i) => (weight === 0 ? [] : [this.lossOf(layer.tops[i]!, weight)])),
    );
    this.gradients = this.residencesOf(net.learnable.map((p) => params.blobs[p]!.diffTensor));
    this.parameters = net.params.map((p) => params.blobs[p.index]!.dataTensor);
    this.writtenParameters = this.residencesOf(this.parameters);
  }

  private lossOf(blob: string, weight: number): Loss {
    const value = this.finalValue(blob);
    const tensor = this.memory.tensor(value, 'data');
    return { value, weight, tensor, reads: this.residencesOf([tensor]) };
  }

  private residencesOf(tensors: readonly Tensor[]): Residence[] {
    return this.residency?.of(tensors) ?? [];
  }

  /** Blobs and tensors of a host-side step, parameters included. */
  private memoryOf(step: Step): StepMemory {
    const { reads, writes } = accesses(this.net, step);
    const layer = step.kind === 'host' ? this.net.layers[step.layer]! : undefined;
    const blobs = (values: readonly number[]) => values.map((value) => this.memory.blobs[value]!);
    const readTensors = reads.map((a) => this.memory.tensor(a.value, a.part));
    const writeTensors = writes.map((a) => this.memory.tensor(a.value, a.part));
    if (step.kind === 'launch' && step.pass === 'backward-weights') {
      for (const p of [step.weights, step.bias]) if (p >= 0) writeTensors.push(this.params.blobs[p]!.diffTensor);
    }
    if (step.kind === 'host' && layer) {
      layer.params.forEach((p, j) => {
        const blob = this.params.blobs[p]!;
        readTensors.push(blob.dataTensor);
        // Statistics of BatchNorm change in a forward pass.
        if (step.pass === 'forward' && layer.type.writesParams && layer.param.phase !== 1)
          writeTensors.push(blob.dataTensor);
        if (step.pass === 'backward' && layer.paramPropagate[j]) {
          readTensors.push(blob.diffTensor);
          writeTensors.push(blob.diffTensor);
        }
      });
    }
    return {
      step,
      reads: readTensors,
      writes: writeTensors,
      hostReads: this.residencesOf(readTensors),
      hostWrites: this.residencesOf(writeTensors),
      bottoms: step.kind === 'host' ? blobs(step.bottoms) : [],
      tops: step.kind === 'host' ? blobs(step.tops) : [],
      params: layer ? layer.params.map((p) => this.params.blobs[p]!) : [],
    };
  }

  forward(): number {
    if (this.fixed) {
      this.fixed.arriveAll();
      this.fixed.pass = this.pass;
    }
    this.pass++;
    for (const memory of this.forwardSteps) this.run(memory, false);
    let loss = 0;
    for (const { value, weight, tensor, reads } of this.losses) {
      this.fixed?.arrive([tensor]);
      this.residency?.hostRead(reads);
      const { data, count } = this.stored(value);
      for (let i = 0; i < count; i++) loss += weight * data[i]!;
    }
    return loss;
  }

  backward(accumulate: boolean): void {
    for (const memory of this.backwardSteps) this.run(memory, accumulate);
  }

  private run(memory: StepMemory, accumulate: boolean): void {
    const { step } = memory;
    const observer = this.observer?.active ? this.observer : undefined;
    const start = observer ? performance.now() : 0;
    let commands: readonly Command[] = [];
    let waited = 0;
    if (step.kind === 'launch' && step.words) {
      commands = this.fixed!.launch(step, step.pass === 'backward-weights' && (accumulate || !step.firstTouch));
    } else if (step.kind === 'launch') {
      if (this.fixed) this.meetFloats(memory);
      commands = this.launcher!.launch(step, step.pass === 'backward-weights' && (accumulate || !step.firstTouch));
    } else {
      if (this.fixed) this.meetFloats(memory);
      if (this.residency) {
        this.residency.hostRead(memory.hostReads);
        this.residency.hostWrite(memory.hostWrites);
        this.residency.submit();
      }
      if (observer) waited = performance.now() - start;
      if (step.kind === 'host') this.hostStep(step, memory, accumulate);
      else if (step.kind === 'reorder') this.reorderStep(step);
      else this.memory.blobs[step.value]!.diff.fill(step.constant);
    }
    if (observer) {
      const layer = step.kind === 'host' || step.kind === 'launch' ? step.layer : this.producer(step);
      const pass =
        step.kind === 'host' || step.kind === 'launch'
          ? step.pass
          : step.kind === 'fill' || step.part === 'diff'
            ? 'backward'
            : 'forward';
      observer.step({
        layer,
        kind: step.kind,
        pass,
        start: start - this.origin,
        waitMs: waited,
        hostMs: performance.now() - start - waited,
        commands,
      });
    }
  }

  /** Before a step on floats: what it touches is no longer integers, and what it writes makes their copies stale. */
  private meetFloats({ reads, writes }: StepMemory): void {
    this.fixed!.arrive(reads);
    this.fixed!.arrive(writes);
    this.fixed!.changed(writes);
  }

  private producer(step: Step): number {
    const value = step.kind === 'reorder' ? step.from : step.kind === 'fill' ? step.value : 0;
    return this.plan.values[value]!.producer;
  }

  private hostStep(step: HostStep, memory: StepMemory, accumulate: boolean): void {
    const net = this.net.layers[step.layer]!;
    if (step.pass === 'forward') this.dynamic?.beforeForward(step);
    const bottoms = this.dynamic ? step.bottoms.map((v) => this.stored(v)) : memory.bottoms;
    const tops = this.dynamic ? step.tops.map((v) => this.stored(v)) : memory.tops;
    const { params } = memory;
    if (step.pass === 'forward') {
      net.layer.forward(bottoms, tops, params, this.plan.backward.length > 0 && net.needBackward);
      this.dynamic?.afterForward(step);
      return;
    }
    if (!net.layer.backward)
      throw inputError({ path: net.name, message: `${net.type.type} has no gradient`, code: 'no-gradient' });
    if (!accumulate) for (const owner of step.firstTouch) this.params.blobs[owner]!.diff.fill(0);
    net.layer.backward(tops, net.propagateDown, bottoms, params, net.paramPropagate);
  }

  private stored(value: number): Blob {
    return this.dynamic?.blob(value) ?? this.memory.blobs[value]!;
  }

  private reorderStep(step: ReorderStep): void {
    const from = this.memory.blobs[step.from]!;
    const to = this.memory.blobs[step.to]!;
    if (step.part === 'data') reorder(from.data, from.layout, to.data, to.layout, from.shape);
    else reorder(from.diff, from.layout, to.diff, to.layout, from.shape);
  }

  /** The value that holds `name` at the end of a forward pass. */
  private finalValue(name: string): number {
    const value = this.plan.finalValue.get(name);
    if (value === undefined)
      throw inputError({ message: `net '${this.net.name}' has no blob '${name}'`, code: 'unknown-blob' });
    return value;
  }

  private arriveOnHost(tensor: Tensor): void {
    this.fixed?.arrive([tensor]);
    this.residency?.hostRead(this.residency.of([tensor]));
  }

  private hostValid(value: number): Blob {
    this.arriveOnHost(this.memory.tensor(value, 'data'));
    return this.stored(value);
  }

  collectGradients(): void {
    this.fixed?.arriveAll();
    if (!this.residency) return;
    this.residency.hostRead(this.gradients);
  }

  parametersChanged(): void {
    this.residency?.hostWrite(this.writtenParameters);
    this.fixed?.changed(this.parameters);
  }

  outputs(): NetOutput[] {
    return this.net.outputs.map((name) => {
      const blob = this.blob(name);
      let lossWeight = 0;
      for (const layer of this.net.layers)
        layer.tops.forEach((top, i) => {
          if (top === name) lossWeight = layer.lossWeights[i] ?? 0;
        });
      return { blob: name, values: blob.data, lossWeight };
    });
  }

  blob(name: string): Blob {
    const value = this.finalValue(name);
    const stored = this.hostValid(value);
    if (stored.layout.lanes === 1) return stored;
    const rows = new Blob(name, stored.shape, NCHW);
    reorder(stored.data, stored.layout, rows.data, NCHW, stored.shape);
    if (this.plan.diffSlab[value]! >= 0) {
      this.arriveOnHost(this.memory.tensor(value, 'diff'));
      reorder(stored.diff, stored.layout, rows.diff, NCHW, stored.shape);
    }
    return rows;
  }

  /** Waits until nothing is under way (before times of commands are read). */
  settle(): void {
    this.residency?.settle();
  }

  /** Bytes alive on the host: blobs, parameters, and what layers hold for themselves. */
  memoryBytes(): { blobs: number; parameters: number; layers: number; fixed: number } {
    const layers = this.net.layers.reduce((sum, l) => sum + (l.layer.privateBytes?.() ?? 0), 0);
    const parameters = parameterBytes(this.net, this.params);
    return { blobs: this.memory.bytes, parameters, layers, fixed: this.fixed?.bytes ?? 0 };
  }

  saveState(): unknown {
    const history = this.fixed?.tensors.history;
    return history && history.size > 0 ? { exponents: Object.fromEntries(history) } : undefined;
  }

  loadState(state: unknown): void {
    const { exponents } = state as { exponents: Record<string, ExponentState> };
    for (const [name, history] of Object.entries(exponents)) this.fixed?.tensors.history.set(name, history);
  }

  close(): void {
    this.residency?.release();
    this.memory.release();
  }
}
