import { type EventSink, inputError } from '../../core/index.ts';
import type { Session } from '../../executor/index.ts';
import { buildNet, closeNet, createParams } from '../../net/index.ts';
import { clone, type NetParameter, type SolverParameter } from '../../proto/index.ts';
import { checkSolver, type RunState, Solver, type TestResult, testNet } from '../../solver/index.ts';
import { recordsOf, wholeBatches, withRecords } from './data.ts';

type Values = ReadonlyMap<string, Float32Array>;

/** Length and learning rates of one training. */
export interface Schedule {
  readonly epochs: number;
  readonly rate: number;
  /** Epochs after which the rate is a tenth. */
  readonly drops?: readonly number[] | undefined;
}

export interface WatchedRequest {
  readonly text: NetParameter;
  readonly file: string;
  /** What is to be learned with: momentum, decay, update rule. Its rates and lengths are replaced by the schedule's. */
  readonly solver: SolverParameter;
  readonly schedule: Schedule;
  readonly train: string;
  /** Looked at after every epoch. */
  readonly validation: string;
  readonly session: Session;
  readonly seed: number;
  /** Undefined fills the parameters anew. */
  readonly start?: RunState | undefined;
  readonly sinks?: readonly EventSink[] | undefined;
}

/** One training, watched on validation data. */
export interface WatchedTraining {
  /** Weights after the epoch with the highest validation accuracy, the first of equals. */
  readonly best: Values;
  readonly accuracy: number;
  readonly epoch: number;
  /** Validation accuracy after each epoch. */
  readonly curve: readonly number[];
  /** Everything as it was at the end, history of the optimiser included. */
  readonly last: RunState;
  /** Multiply-accumulates of all forward passes of the training. */
  readonly macs: number;
}

/** The value of the first Accuracy layer. */
function accuracyOf(text: NetParameter, result: TestResult | undefined): number {
  const layer = text.layer.find(({ type }) => type === 'Accuracy');
  const output = result?.outputs.find(({ blob }) => blob === layer?.top[0]);
  if (output) return output.value;
  throw inputError({
    message: `net '${text.name}' measures no accuracy in phase TEST`,
    expected: 'an Accuracy layer: the procedure decides by it',
    code: 'no-accuracy',
  });
}

function solverFor(request: WatchedRequest, iterationsPerEpoch: number, testIterations: number) {
  const { schedule, seed, file } = request;
  const param = clone(request.solver);
  for (const field of [
    'net',
    'net_param',
    'train_net',
    'train_net_param',
    'weights',
    'test_net',
    'test_net_param',
    'test_state',
  ] as const)
    delete (param as Partial<SolverParameter>)[field];
  param.base_lr = schedule.rate;
  param.lr_policy = 'multistep';
  param.gamma = 0.1;
  param.stepvalue = (schedule.drops ?? []).map((epoch) => epoch * iterationsPerEpoch);
  param.max_iter = schedule.epochs * iterationsPerEpoch;
  param.test_iter = [testIterations];
  // Tests are asked for here, epoch by epoch.
  param.test_interval = 0;
  param.display = 0;
  param.snapshot = 0;
  param.snapshot_after_train = false;
  param.random_seed = seed;
  return checkSolver(param, file);
}

/** Trains for whole epochs and measures validation accuracy after each. */
export async function trainWatched(request: WatchedRequest): Promise<WatchedTraining> {
  const { text, file, session, schedule, seed, train, validation } = request;
  const trainText = withRecords(text, train);
  const once = wholeBatches(recordsOf(validation));
  const probe = buildNet(trainText, { phase: 'TRAIN', file, seed });
  const perEpoch = Math.max(1, Math.round(recordsOf(train) / (probe.batch * request.solver.iter_size)));
  closeNet(probe);
  const settings = solverFor(request, perEpoch, once.iterations);
  const source = (net: NetParameter, phase: 'TRAIN' | 'TEST') => ({ net, file, phase, level: 0, stages: [] });
  const solver = await Solver.create({
    settings,
    seed,
    nets: { train: source(trainText, 'TRAIN'), tests: [source(withRecords(text, validation, once.batch), 'TEST')] },
    execute: (net, params) => session.execute(net, params),
    ...(request.sinks && { sinks: request.sinks }),
  });
  try {
    // Weights and history go on; iterations and the place in the data begin anew.
    if (request.start) solver.takeOver({ weights: request.start.weights, history: request.start.history });
    const curve: number[] = [];
    let best: { weights: Values; accuracy: number; epoch: number } | undefined;
    for (let epoch = 1; epoch <= schedule.epochs; epoch++) {
      await solver.step(perEpoch);
      solver.testAll();
      const accuracy = accuracyOf(text, solver.testResults[0]);
      curve.push(accuracy);
      if (!best || accuracy > best.accuracy) best = { weights: solver.state().weights, accuracy, epoch };
    }
    const last = solver.state();
    const { weights, accuracy, epoch } = best ?? { weights: last.weights, accuracy: Number.NaN, epoch: 0 };
    const macs = solver.train.net.layers.reduce((sum, layer) => sum + layer.macs, 0) * perEpoch * schedule.epochs;
    return { best: weights, accuracy, epoch, curve, last, macs };
  } finally {
    solver.close();
  }
}

/** Accuracy of given weights on all records of a source. */
export function measureAccuracy(
  request: Pick<WatchedRequest, 'text' | 'file' | 'session' | 'seed'>,
  weights: Values,
  source: string,
): number {
  const { text, file, session, seed } = request;
  const { batch, iterations } = wholeBatches(recordsOf(source));
  const net = buildNet(withRecords(text, source, batch), { phase: 'TEST', file, seed });
  try {
    const params = createParams(net, seed);
    for (const { key, index } of net.params) params.blobs[index]!.data.set(weights.get(key)!);
    const execution = session.execute(net, params, { training: false });
    try {
      return accuracyOf(
        text,
        testNet(execution, iterations, () => false),
      );
    } finally {
      execution.close();
    }
  } finally {
    closeNet(net);
  }
}
