import { type CutNet, headNet, type MemoryLedger, maskOf, SHIFT_LAYER } from '../../adapt/index.ts';
import { RandomStream } from '../../core/index.ts';
import { type Execution, Session } from '../../executor/index.ts';
import type { MemoryData } from '../../layers/index.ts';
import { buildNet, closeNet, createParams, type Net, type ParamSet } from '../../net/index.ts';
import { create } from '../../proto/index.ts';
import { checkSolver, Solver } from '../../solver/index.ts';
import type { HeadSettings } from './request.ts';

/** Parameters of the head's layers, in the order of its params: one candidate to serve. */
export type HeadWeights = readonly Float32Array[];

/** Writes one feature vector for each label. */
export type Draw = (labels: Int32Array, random: RandomStream, out: Float32Array) => void;

const recordsOf = (net: Net) => net.layers[0]!.layer as unknown as MemoryData;

/** Params of the head proper, in order: not the shift we add. */
const ownParams = (net: Net) => net.params.filter((p) => net.layers[p.layer]!.name !== SHIFT_LAYER);

/** Runs and trains the head on the host with Caffe's layers and solver; knows nothing of pictures. */
export class Head {
  readonly cut: CutNet;
  readonly dimension: number;
  /** As they were shipped. */
  readonly shipped: HeadWeights;
  private readonly session: Session;
  private readonly settings: HeadSettings;
  private readonly net: Net;
  private readonly params: ParamSet;
  private readonly scoring: Execution;
  private readonly records: Float32Array;

  constructor(cut: CutNet, trained: ParamSet, settings: HeadSettings, threads: number | undefined) {
    this.cut = cut;
    this.settings = settings;
    this.dimension = cut.featureShape.reduce((a, b) => a * b, 1);
    // A head is too small for a card to gain anything: it stays on the host.
    this.session = new Session({ device: 'host', board: '', config: '', threads });
    this.net = buildNet(headNet(cut, settings.batch, false), { phase: 'TEST' });
    this.params = createParams(this.net, 1);
    this.scoring = this.session.execute(this.net, this.params, { training: false });
    this.records = new Float32Array(settings.batch * this.dimension);
    recordsOf(this.net).reset(this.records, new Float32Array(settings.batch));
    const source = new Map(trained.net.params.map((p) => [p.key, trained.blobs[p.index]!.data]));
    this.shipped = ownParams(this.net).map((p) => Float32Array.from(source.get(p.key)!));
  }

  /** Scores [rows][classes] of features [rows][dimension]. */
  scores(weights: HeadWeights, features: Float32Array): Float32Array {
    const { batch } = this.settings;
    const rows = features.length / this.dimension;
    const result = new Float32Array(rows * this.cut.classes);
    ownParams(this.net).forEach((p, i) => void this.params.blobs[p.index]!.data.set(weights[i]!));
    this.scoring.parametersChanged();
    for (let done = 0; done < rows; done += batch) {
      const part = Math.min(batch, rows - done);
      this.records.set(features.subarray(done * this.dimension, (done + part) * this.dimension));
      this.scoring.forward();
      const scores = this.scoring.blob(this.cut.scores).data;
      result.set(scores.subarray(0, part * this.cut.classes), done * this.cut.classes);
    }
    return result;
  }

  /**
   * Trains the shipped weights on features of the given classes, the others ruled out of the softmax: their weights get no
   * gradient and stay. Batches show the classes in turn. `name` and `seed` give all chance.
   */
  async train(
    active: readonly number[],
    draw: Draw,
    name: string,
    seed: number,
    memory: MemoryLedger,
  ): Promise<HeadWeights> {
    const { batch, perClass, epochs, rate, momentum } = this.settings;
    const iterations = Math.max(1, Math.round((epochs * perClass * active.length) / batch));
    const param = create('SolverParameter', {
      base_lr: rate,
      momentum,
      lr_policy: 'fixed',
      max_iter: iterations,
      snapshot_after_train: false,
    });
    const solver = await Solver.create({
      settings: checkSolver(param, name),
      nets: {
        train: { net: headNet(this.cut, batch, true), file: name, phase: 'TRAIN', level: 0, stages: [] },
        tests: [],
      },
      seed,
      execute: (net, params) => this.session.execute(net, params),
    });
    const { net, params } = solver.train;
    const own = ownParams(net);
    own.forEach((p, i) => void params.blobs[p.index]!.data.set(this.shipped[i]!));
    const shift = net.params.find((p) => net.layers[p.layer]!.name === SHIFT_LAYER)!;
    params.blobs[shift.index]!.data.set(maskOf(active, this.cut.classes));
    solver.train.parametersChanged();
    const features = memory.float32('samples', batch * this.dimension);
    const labels = memory.float32('samples', batch);
    const wanted = memory.int32('samples', batch);
    recordsOf(net).reset(features, labels);
    const random = new RandomStream(seed, name);
    let release = () => {};
    try {
      for (let i = 0; i < iterations; i++) {
        for (let k = 0; k < batch; k++) wanted[k] = active[(i * batch + k) % active.length]!;
        labels.set(wanted);
        draw(wanted, random, features);
        await solver.step(1);
        if (i === 0) release = memory.hold(stepMemory(solver));
      }
      return own.map((p) => Float32Array.from(params.blobs[p.index]!.data));
    } finally {
      release();
      memory.release(features, labels, wanted);
      solver.close();
    }
  }

  close(): void {
    this.scoring.close();
    closeNet(this.net);
  }
}

/** Bytes that a solver's training step holds: what was allocated, after a step ran. */
export function stepMemory(solver: Solver) {
  const { train, history } = solver;
  const used = (
    train as Execution & { memoryBytes(): { blobs: number; parameters: number; layers: number } }
  ).memoryBytes();
  return {
    activations: used.blobs,
    parameters: used.parameters,
    layers: used.layers,
    history: history.reduce((sum, h) => sum + h.data.byteLength, 0),
  };
}
