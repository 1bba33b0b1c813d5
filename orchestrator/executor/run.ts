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
import { Residency } from './residency.ts';
import type { Observer } from './steps.ts';

export interface RunOptions {
  readonly device?: Device | undefined;
  /** Required with a device. */
  readonly descriptors?: DescriptorWriter | undefined;
  readonly observer?: Observer | undefined;
  /** Required where the plan has launches in block floating point. */
  readonly fixed?: FixedRules | undefined;
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
  private readonly hostTensors = new Map<Step, { reads: Tensor[]; writes: Tensor[] }>();
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
        this.residency.onTransfer = (tensor, command, bytes, direction) =>
          observer.transfer({ label: tensor.name, direction, bytes, command });
      }
    }
    for (const step of [...plan.forward, ...plan.backward]) this.hostTensors.set(step, this.tensorsOf(step));
  }

  /** Tensors a host-side step touches, parameters included. */
  private tensorsOf(step: Step): { reads: Tensor[]; writes: Tensor[] } {
    const { reads, writes } = accesses(this.net, step);
    const result = {
      reads: reads.map((a) => this.memory.tensor(a.value, a.part)),
      writes: writes.map((a) => this.memory.tensor(a.value, a.part)),
    };
    if (step.kind === 'launch' && step.pass === 'backward-weights') {
      for (const p of [step.weights, step.bias]) if (p >= 0) result.writes.push(this.params.blobs[p]!.diffTensor);
    }
    if (step.kind === 'host') {
      const layer = this.net.layers[step.layer]!;
      layer.params.forEach((p, j) => {
        const blob = this.params.blobs[p]!;
        result.reads.push(blob.dataTensor);
        // Statistics of BatchNorm change in a forward pass.
        if (step.pass === 'forward' && layer.type.writesParams && layer.param.phase !== 1)
          result.writes.push(blob.dataTensor);
        if (step.pass === 'backward' && layer.paramPropagate[j]) {
          result.reads.push(blob.diffTensor);
          result.writes.push(blob.diffTensor);
        }
      });
    }
    return result;
  }

  forward(): number {
    if (this.fixed) {
      this.fixed.arriveAll();
      this.fixed.pass = this.pass;
    }
    this.pass++;
    for (const step of this.plan.forward) this.run(step, false);
    let loss = 0;
    for (const layer of this.net.layers) {
      layer.lossWeights.forEach((weight, i) => {
        if (weight === 0) return;
        const blob = this.final(layer.tops[i]!);
        for (const v of blob.data.subarray(0, blob.count)) loss += weight * v;
      });
    }
    return loss;
  }

  backward(accumulate: boolean): void {
    for (const step of this.plan.backward) this.run(step, accumulate);
  }

  private run(step: Step, accumulate: boolean): void {
    const start = this.observer ? performance.now() : 0;
    let commands: readonly Command[] = [];
    let waited = 0;
    if (step.kind === 'launch' && step.words) {
      commands = this.fixed!.launch(step, step.pass === 'backward-weights' && (accumulate || !step.firstTouch));
    } else if (step.kind === 'launch') {
      if (this.fixed) this.meetFloats(step);
      commands = this.launcher!.launch(step, step.pass === 'backward-weights' && (accumulate || !step.firstTouch));
    } else {
      const { reads, writes } = this.hostTensors.get(step)!;
      if (this.fixed) this.meetFloats(step);
      this.residency?.hostRead(reads);
      this.residency?.hostWrite(writes);
      if (this.observer) waited = performance.now() - start;
      if (step.kind === 'host') this.hostStep(step, accumulate);
      else if (step.kind === 'reorder') this.reorderStep(step);
      else this.memory.blobs[step.value]!.diff.fill(step.constant);
    }
    if (this.observer) {
      const layer = step.kind === 'host' || step.kind === 'launch' ? step.layer : this.producer(step);
      const pass =
        step.kind === 'host' || step.kind === 'launch'
          ? step.pass
          : step.kind === 'fill' || step.part === 'diff'
            ? 'backward'
            : 'forward';
      this.observer.step({
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
  private meetFloats(step: Step): void {
    const { reads, writes } = this.hostTensors.get(step)!;
    this.fixed!.arrive(reads);
    this.fixed!.arrive(writes);
    this.fixed!.changed(writes);
  }

  private producer(step: Step): number {
    const value = step.kind === 'reorder' ? step.from : step.kind === 'fill' ? step.value : 0;
    return this.plan.values[value]!.producer;
  }

  private hostStep(step: HostStep, accumulate: boolean): void {
    const net = this.net.layers[step.layer]!;
    if (step.pass === 'forward') this.dynamic?.beforeForward(step);
    const bottoms = step.bottoms.map((v) => this.stored(v));
    const tops = step.tops.map((v) => this.stored(v));
    const params = net.params.map((p) => this.params.blobs[p]!);
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

  /** Host-valid blob that holds `name` at the end of a forward pass. */
  private final(name: string): Blob {
    const value = this.plan.finalValue.get(name);
    if (value === undefined)
      throw inputError({ message: `net '${this.net.name}' has no blob '${name}'`, code: 'unknown-blob' });
    this.fixed?.arrive([this.memory.tensor(value, 'data')]);
    this.residency?.hostRead([this.memory.tensor(value, 'data')]);
    return this.stored(value);
  }

  collectGradients(): void {
    const diffs = this.net.learnable.map((p) => this.params.blobs[p]!.diffTensor);
    this.fixed?.arriveAll();
    if (this.residency) {
      for (const tensor of diffs) this.residency.prefetchToHost(tensor);
      this.residency.hostRead(diffs);
    }
  }

  parametersChanged(): void {
    const tensors = this.net.params.map((p) => this.params.blobs[p.index]!.dataTensor);
    this.residency?.hostWrite(tensors);
    this.fixed?.changed(tensors);
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
    const stored = this.final(name);
    if (stored.layout.lanes === 1) return stored;
    const rows = new Blob(name, stored.shape, NCHW);
    reorder(stored.data, stored.layout, rows.data, NCHW, stored.shape);
    const value = this.plan.finalValue.get(name)!;
    if (this.plan.diffSlab[value]! >= 0) {
      this.fixed?.arrive([this.memory.tensor(value, 'diff')]);
      this.residency?.hostRead([this.memory.tensor(value, 'diff')]);
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
    const layers = this.net.layers.reduce((sum, l) => sum + (l.layer.privateBytes ?? 0), 0);
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
