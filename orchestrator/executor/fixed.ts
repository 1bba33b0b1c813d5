import { elementCount, type Layout, NCHW, type Shape, storedCount, type Tensor } from '../blob/index.ts';
import type { Command, Device, DeviceBuffer } from '../device/index.ts';
import type { Net, ParamSet } from '../net/index.ts';
import type { LaunchStep, Plan } from '../plan/index.ts';
import {
  accumulatorBias,
  delayedExponent,
  drawKey,
  type ExponentState,
  engineBits,
  NO_HISTORY,
  observeMagnitude,
  outputScale,
  outputUnit,
  type Role,
  shiftOfMagnitude,
} from '../precision/index.ts';
import { LaunchRecord, type LaunchStatistics } from './fixed-record.ts';
import {
  dequantiseInto,
  type FixedRules,
  FixedTensors,
  type FloatSource,
  type Integers,
  integers,
} from './fixed-tensors.ts';
import type { DescriptorWriter } from './launch.ts';
import type { PlanMemory } from './memory.ts';
import type { Residency } from './residency.ts';

/** Arguments of the engine kernel. */
const [A, B, C, BIAS] = [0, 1, 2, 3];

/** The float tensor that a launch's integers become. */
interface Target {
  readonly name: string;
  readonly role: Role;
  readonly tensor: Tensor;
  readonly shape: Shape;
  readonly layout: Layout;
  values(): Float32Array;
}

/** One launch's operands, put together once per step. */
interface Job {
  readonly step: LaunchStep;
  readonly target: Target | undefined;
  readonly bias: Target | undefined;
  readonly result: Integers | undefined;
  readonly record: LaunchRecord;
  readonly bits: 8 | 16;
  readonly word: number;
  /** Lanes of the result: 1 for weight gradients. */
  readonly lanes: number;
  /** The shift that the last launch needed: a guess for the next, which costs nothing where it holds. */
  shift: number;
}

/** Forward passes add a bias: the one thing the card reads from a record. */
const takesBias = (step: LaunchStep) => step.pass === 'forward' && step.bias >= 0;

/** A launch whose result is still integers. */
interface Pending {
  readonly job: Job;
  readonly pass: number;
  readonly sums: number;
  readonly exponent: number;
  readonly gradientExponent: number;
  readonly units: number;
  readonly add: boolean;
}

/**
 * Launches in block floating point. Blobs stay float32 on the host; what a launch reads is quantised on its way to the card
 * and what it writes becomes floats when the host first looks at it. Contract: docs/precision.md.
 */
export class FixedLauncher {
  readonly tensors: FixedTensors;
  /** Forward passes before the one under way: keys the rounding draws. */
  pass = 0;
  private readonly net: Net;
  private readonly plan: Plan;
  private readonly params: ParamSet;
  private readonly memory: PlanMemory;
  private readonly device: Device;
  private readonly residency: Residency;
  private readonly writer: DescriptorWriter;
  private readonly rules: FixedRules;
  private readonly jobs = new Map<LaunchStep, Job>();
  private readonly pending = new Map<Tensor, Pending>();

  constructor(
    context: {
      readonly net: Net;
      readonly plan: Plan;
      readonly params: ParamSet;
      readonly memory: PlanMemory;
      readonly device: Device;
      readonly residency: Residency;
      readonly writer: DescriptorWriter;
    },
    rules: FixedRules,
  ) {
    this.net = context.net;
    this.plan = context.plan;
    this.params = context.params;
    this.memory = context.memory;
    this.device = context.device;
    this.residency = context.residency;
    this.writer = context.writer;
    this.rules = rules;
    this.tensors = new FixedTensors(context.residency, rules);
  }

  private value(id: number, part: 'data' | 'diff', role: Role): FloatSource & Target {
    const { blob, shape, layout } = this.plan.values[id]!;
    const memory = this.memory.blobs[id]!;
    const values = () => (part === 'data' ? memory.data : memory.diff);
    return { name: blob, role, tensor: this.memory.tensor(id, part), shape, layout, values };
  }

  private param(index: number, part: 'data' | 'diff', role: Role): FloatSource & Target {
    const blob = this.params.blobs[index]!;
    const tensor = part === 'data' ? blob.dataTensor : blob.diffTensor;
    const values = () => (part === 'data' ? blob.data : blob.diff);
    const name = this.net.params[this.net.params[index]!.owner]!.key;
    return { name, role, tensor, shape: blob.shape, layout: NCHW, values };
  }

  private job(step: LaunchStep): Job {
    const known = this.jobs.get(step);
    if (known) return known;
    const words = step.words!;
    const { name, paramPropagate } = this.net.layers[step.layer]!;
    const weights = step.pass === 'backward-weights';
    const role: Role = weights ? 'weightGradients' : step.pass === 'forward' ? 'activations' : 'activationGradients';
    const bits = engineBits(words) as 8 | 16;
    const target = weights
      ? paramPropagate[0]
        ? this.param(step.weights, 'diff', role)
        : undefined
      : this.value(step.pass === 'forward' ? step.top : step.bottom, step.pass === 'forward' ? 'data' : 'diff', role);
    const bias = weights && step.bias >= 0 && paramPropagate[1] ? this.param(step.bias, 'diff', role) : undefined;
    const lanes = weights ? 1 : this.plan.lanes;
    const outputs = step.bias >= 0 ? elementCount(this.params.blobs[step.bias]!.shape) : 0;
    const label = `${name} ${step.pass}`;
    const job: Job = {
      step,
      target,
      bias,
      result: target && integers(`${label} result`, bits, storedCount(target.shape, { lanes })),
      record: new LaunchRecord(`${label} record`, this.device.computeUnits, outputs),
      bits,
      word: words[role],
      lanes,
      shift: 0,
    };
    this.jobs.set(step, job);
    return job;
  }

  /** @returns the commands of the launch that counts; a wrong guess of the shift costs one more before it. */
  launch(step: LaunchStep, accumulate: boolean): Command[] {
    const job = this.job(step);
    const words = step.words!;
    this.arrive([...(job.target ? [job.target.tensor] : []), ...(job.bias ? [job.bias.tensor] : [])]);
    const weights = () => this.quantise(this.param(step.weights, 'data', 'weights'), 'weights', words.weights, job, 1);
    const input = () =>
      this.quantise(this.value(step.bottom, 'data', 'activations'), 'activations', words.activations, job);
    const gradient = () => {
      const source = this.value(step.top, 'diff', 'activationGradients');
      return this.quantise(source, 'activationGradients', words.activationGradients, job);
    };
    const a = step.pass === 'backward-weights' ? gradient() : weights();
    const b = step.pass === 'backward-data' ? gradient() : input();
    const sums = a.exponent + b.exponent;
    if (takesBias(step)) {
      this.hostWrite(job.record.tensor);
      job.record.writeChannels(accumulatorBias(this.params.blobs[step.bias]!.data, sums));
    }
    const { commands, exponent } = this.scaled(job, a, b, sums);
    const pending: Pending = {
      job,
      pass: this.pass,
      sums,
      exponent,
      gradientExponent: a.exponent,
      units: commands.length,
      add: accumulate,
    };
    if (job.target) this.pending.set(job.target.tensor, pending);
    if (job.bias) this.pending.set(job.bias.tensor, pending);
    const { residency } = this;
    residency.download(residency.of(job.result ? [job.result.tensor, job.record.tensor] : [job.record.tensor]));
    residency.submit(); // the host has work of its own on most launches
    return commands;
  }

  private hostRead(...tensors: Tensor[]): void {
    this.residency.hostRead(this.residency.of(tensors));
  }

  private hostWrite(tensor: Tensor): void {
    this.residency.hostWrite(this.residency.of([tensor]));
  }

  private quantise(source: FloatSource, role: Role, word: number, job: Job, lanes = this.plan.lanes) {
    this.arrive([source.tensor]);
    return this.tensors.quantised(source, role, word, job.bits, lanes, this.pass);
  }

  /** What a launch makes, by layer and pass: names draws and histories. */
  private key({ step }: Job): string {
    return `${this.net.layers[step.layer]!.name}.${step.pass}`;
  }

  /** Launches with the exponent that the rule asks for. */
  private scaled(job: Job, a: Integers, b: Integers, sums: number): { commands: Command[]; exponent: number } {
    const { exponents } = this.rules;
    if (!job.target) return { commands: this.enqueue(job, a, b, 0), exponent: sums };
    if (exponents.kind === 'delayed') {
      const wanted = delayedExponent(this.history(job), job.word, exponents.margin);
      if (wanted !== undefined) {
        const scale = outputScale(sums, wanted);
        return { commands: this.enqueue(job, a, b, scale.shift), exponent: scale.exponent };
      }
    }
    // Exact: the largest sum comes back with every launch, and the shift it asks for is nearly always that of the pass before.
    let commands = this.enqueue(job, a, b, job.shift);
    const shift = shiftOfMagnitude(this.statistics(job, commands.length).magnitude, job.word);
    if (shift !== job.shift) commands = this.enqueue(job, a, b, shift);
    job.shift = shift;
    return { commands, exponent: outputScale(sums, sums + shift).exponent };
  }

  private history(job: Job): ExponentState {
    return this.tensors.history.get(this.key(job)) ?? NO_HISTORY;
  }

  private statistics(job: Job, units: number): LaunchStatistics {
    this.hostRead(job.record.tensor);
    return job.record.statistics(units);
  }

  private enqueue(job: Job, a: Integers, b: Integers, shift: number): Command[] {
    const { step, target, record } = job;
    const words = step.words!;
    const weights = step.pass === 'backward-weights';
    const layer = this.net.layers[step.layer]!;
    const key = drawKey(this.rules.seed, this.key(job), this.pass);
    const lists = this.writer({
      layer,
      bottom: this.plan.values[step.bottom]!.shape,
      top: this.plan.values[step.top]!.shape,
      pass: step.pass,
      lanes: this.plan.lanes,
      accumulate: false,
      weightsWanted: target !== undefined,
      biasWanted: job.bias !== undefined,
      words,
      fixed: {
        elementBits: job.bits,
        words: {
          a: weights ? words.activationGradients : words.weights,
          b: step.pass === 'backward-data' ? words.activationGradients : words.activations,
          c: job.word,
        },
        shift,
        rounding: this.rules.rounding[target?.role ?? 'weightGradients'],
        key: { low: key[0], high: key[1] },
        statisticsOffset: 0,
      },
      biasOffset: record.channels,
    });
    const reads = this.residency.bind([
      { tensor: a.tensor, argument: A },
      { tensor: b.tensor, argument: B },
      ...(takesBias(step) ? [{ tensor: record.tensor, argument: BIAS }] : []),
    ]);
    const writes = this.residency.bind([
      ...(job.result ? [{ tensor: job.result.tensor, argument: C }] : []),
      { tensor: record.tensor, argument: BIAS },
    ]);
    const buffers: (DeviceBuffer | undefined)[] = [undefined, undefined, undefined, undefined];
    const after: Command[] = [];
    this.residency.forKernel(reads, writes, false, buffers, after);
    const commands = lists.map(({ computeUnit, descriptors }) =>
      this.device.launch({ label: `${layer.name} ${step.pass}`, computeUnit, operands: buffers, descriptors }, after),
    );
    this.residency.launched(commands, reads, writes);
    return commands;
  }

  /** Makes the floats of these tensors what their launches computed. */
  arrive(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) {
      const found = this.pending.get(tensor);
      if (found) this.finish(found);
    }
  }

  /** Everything still in integers: at the end of a pass, when all memory of results is still theirs. */
  arriveAll(): void {
    this.arrive([...this.pending.keys()]);
  }

  /** The floats of these tensors were written by others. */
  changed(tensors: readonly Tensor[]): void {
    this.tensors.changed(tensors);
  }

  private finish(pending: Pending): void {
    const { job } = pending;
    const statistics = this.statistics(job, pending.units);
    if (job.target && job.result) {
      const { target, result } = job;
      this.pending.delete(target.tensor);
      this.hostRead(result.tensor, ...(pending.add ? [target.tensor] : []));
      this.hostWrite(target.tensor);
      const { shape, layout } = target;
      const begin = performance.now();
      dequantiseInto(result, job.lanes, shape, job.bits, pending.exponent, target.values(), layout, pending.add);
      this.tensors.spent.dequantise += performance.now() - begin;
      this.tensors.changed([target.tensor]);
      this.observe(pending, statistics);
    }
    if (job.bias) this.finishBias(pending, job.bias);
  }

  private observe({ job, sums, exponent }: Pending, statistics: LaunchStatistics): void {
    const key = this.key(job);
    const { exponents } = this.rules;
    if (exponents.kind === 'delayed') {
      const magnitude = statistics.magnitude * 2 ** sums;
      this.tensors.history.set(key, observeMagnitude(this.history(job), magnitude, exponents.history));
    }
    this.tensors.count(key, job.word, exponent, elementCount(job.target!.shape), statistics);
  }

  /** Bias gradients are a handful of exact sums: the host's own output unit rounds them, with an exact exponent. */
  private finishBias(pending: Pending, bias: Target): void {
    const { job } = pending;
    this.pending.delete(bias.tensor);
    const sums = job.record.readChannels();
    const shift = shiftOfMagnitude(
      sums.reduce((most, s) => Math.max(most, Math.abs(s)), 0),
      job.word,
    );
    const name = `${bias.name}.${bias.role}`;
    const rounding = this.rules.rounding[bias.role];
    const key = drawKey(this.rules.seed, name, pending.pass);
    const { data, statistics } = outputUnit(sums, sums.length, 1, { word: job.word, shift, rounding, key });
    const { exponent } = outputScale(pending.gradientExponent, pending.gradientExponent + shift);
    if (pending.add) this.hostRead(bias.tensor);
    this.hostWrite(bias.tensor);
    const values = bias.values();
    for (let i = 0; i < sums.length; i++) {
      const gradient = data[i]! * 2 ** exponent;
      values[i] = pending.add ? values[i]! + gradient : gradient;
    }
    this.tensors.count(name, job.word, exponent, sums.length, statistics);
  }

  /** Bytes of quantised copies and of results in integers. */
  get bytes(): number {
    const own = [...this.jobs.values()].reduce((sum, j) => sum + (j.result?.data.byteLength ?? 0), 0);
    return this.tensors.bytes + own;
  }
}
