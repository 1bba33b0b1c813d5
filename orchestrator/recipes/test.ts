import type { Output } from '../core/index.ts';
import { Session, type SessionSettings } from '../executor/index.ts';
import { closeNet, createParams } from '../net/index.ts';
import { loadWeights } from '../snapshot/index.ts';
import { testNet } from '../solver/index.ts';
import { loadNet } from './nets.ts';

export interface TestRequest {
  readonly model: string;
  readonly weights: readonly string[];
  readonly iterations: number;
  readonly session: SessionSettings;
  readonly seed: number;
  readonly level?: number;
  readonly stages?: readonly string[];
}

export interface TestScore {
  readonly net: string;
  readonly device: string;
  readonly iterations: number;
  readonly loss: number;
  readonly outputs: readonly Output[];
}

/** Mean outputs of a trained net over `iterations` batches, in TEST phase. */
export async function testModel(request: TestRequest): Promise<TestScore> {
  const { level, stages, seed } = request;
  const net = loadNet(request.model, { phase: 'TEST', level, stages, seed });
  const session = new Session(request.session);
  try {
    const params = createParams(net, seed);
    for (const file of request.weights) await loadWeights(file, net, params);
    const execution = session.execute(net, params, { training: false });
    const result = testNet(execution, request.iterations, () => false)!;
    execution.close();
    return {
      net: net.name,
      device: session.device?.name ?? 'host',
      iterations: request.iterations,
      loss: result.loss,
      outputs: result.outputs,
    };
  } finally {
    closeNet(net);
    session.close();
  }
}
