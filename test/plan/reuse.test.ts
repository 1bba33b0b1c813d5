import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type PlanExecution, Session } from '../../orchestrator/executor/index.ts';
import { xclbinPath } from '../../orchestrator/kernels/index.ts';
import { type LayerType, layerTypes } from '../../orchestrator/layers/index.ts';
import { createParams } from '../../orchestrator/net/index.ts';
import { fillInputs } from '../../orchestrator/recipes/index.ts';
import { randomNet } from './random-net.ts';

interface Steps {
  readonly losses: number[];
  readonly gradients: Map<string, Float32Array>;
  readonly bytes: PlanExecution['plan']['blobBytes'];
}

/** Two iterations whose gradients add up, the second from changed parameters. */
function train(session: Session, seed: number, keepBlobs: boolean): Steps {
  const net = randomNet(seed);
  const params = createParams(net, seed);
  const execution = session.execute(net, params, { training: true, keepBlobs });
  fillInputs(net, execution, seed);
  const losses: number[] = [];
  for (const iteration of [0, 1]) {
    losses.push(execution.forward());
    execution.backward(iteration > 0);
    execution.collectGradients();
    for (const p of net.learnable) {
      const { data, diff } = params.blobs[p]!;
      for (let i = 0; i < data.length; i++) data[i]! -= 0.01 * diff[i]!;
    }
    execution.parametersChanged();
  }
  const { layers, blobs } = execution.memoryBytes();
  expect(layers, 'bytes planned for layers').toBe(execution.plan.layerBytes);
  expect(blobs, 'bytes planned for blobs').toBeLessThanOrEqual(execution.plan.blobBytes);
  const gradients = new Map(net.learnable.map((p) => [net.params[p]!.key, params.blobs[p]!.diff.slice()]));
  execution.close();
  return { losses, gradients, bytes: execution.plan.blobBytes };
}

function compare(session: Session, seeds: readonly number[]): number {
  let saved = 0;
  for (const seed of seeds) {
    const [reused, kept] = [train(session, seed, false), train(session, seed, true)];
    expect(reused.losses, `seed ${seed}`).toEqual(kept.losses);
    for (const [key, gradient] of kept.gradients)
      expect(reused.gradients.get(key), `seed ${seed}, ${key}`).toEqual(gradient);
    if (reused.bytes < kept.bytes) saved++;
  }
  return saved;
}

const seeds = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('reuse of memory', () => {
  it('is noticed where a layer says wrongly that backward does not read its bottoms', () => {
    const session = new Session({ device: 'host', board: '', config: '', threads: 1 });
    const types = layerTypes as Map<string, LayerType>;
    const right = types.get('Convolution')!;
    types.set('Convolution', { ...right, backwardReads: { bottoms: false, tops: false } });
    try {
      expect(() => compare(session, seeds(10))).toThrow();
    } finally {
      types.set('Convolution', right);
    }
  });

  it('changes no bit of losses and gradients on the host', () => {
    const session = new Session({ device: 'host', board: '', config: '', threads: 1 });
    expect(compare(session, seeds(40))).toBe(40);
  }, 60_000);

  const built = existsSync(xclbinPath('u250', 'f32'));
  if (!built) console.log('no bitstream u250/f32: reuse on the emulated card is not checked');
  it.skipIf(!built)(
    'changes no bit of losses and gradients on the card',
    () => {
      const session = new Session({ device: 'sim', board: 'u250', config: 'f32', threads: 1, memory: 'strict' });
      expect(compare(session, seeds(12))).toBe(12);
      session.close();
    },
    120_000,
  );
});
