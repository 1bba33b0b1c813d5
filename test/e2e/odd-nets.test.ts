import { afterAll, describe, expect, it } from 'vitest';
import { Session } from '../../orchestrator/executor/index.ts';
import { buildNet, closeNet, createParams } from '../../orchestrator/net/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { fillInputs } from '../../orchestrator/recipes/index.ts';
import { SIM, simBuilt } from './children.ts';
import { oddNetText } from './odd-nets.ts';

const NETS = Number(process.env.CREMA_TEST_NETS ?? 40);

interface Result {
  readonly values: Map<string, Float32Array>;
  readonly onCard: number;
}

/** Losses, scores and parameter gradients after two iterations whose gradients add up, the second from changed parameters. */
function run(session: Session, seed: number, keepBlobs: boolean): Result {
  const net = buildNet(parseNet(oddNetText(seed), `odd-${seed}.prototxt`), { phase: 'TRAIN', seed });
  const params = createParams(net, seed);
  const execution = session.execute(net, params, { training: true, keepBlobs });
  fillInputs(net, execution, seed);
  const values = new Map<string, Float32Array>();
  for (const iteration of [0, 1]) {
    values.set(`loss ${iteration}`, Float32Array.of(execution.forward()));
    for (const name of net.outputs) values.set(`${name} ${iteration}`, execution.blob(name).data.slice());
    execution.backward(iteration > 0);
    execution.collectGradients();
    for (const p of net.learnable) {
      const { data, diff } = params.blobs[p]!;
      values.set(`gradient of ${net.params[p]!.key} ${iteration}`, diff.slice());
      for (let i = 0; i < data.length; i++) data[i]! -= 0.01 * diff[i]!;
    }
    execution.parametersChanged();
  }
  if (keepBlobs) {
    for (const [name, { shape }] of net.blobs) {
      const count = shape.reduce((a, b) => a * b, 1);
      values.set(`blob ${name}`, execution.blob(name).data.slice(0, count));
    }
  }
  const onCard = execution.plan.placements.filter((p) => p.place === 'fpga').length;
  execution.close();
  closeNet(net);
  return { values, onCard };
}

/** Largest difference of two results over 1e-4 of the largest magnitude, and where. */
function worst(a: Result, b: Result): { ratio: number; where: string } {
  let found = { ratio: 0, where: '' };
  for (const [name, left] of a.values) {
    const right = b.values.get(name)!;
    const scale = left.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    left.forEach((v, i) => {
      const ratio = Math.abs(v - right[i]!) / (1e-4 * scale + 1e-7);
      if (!(ratio <= found.ratio)) found = { ratio, where: `${name}[${i}]: ${v} and ${right[i]}` };
    });
  }
  return found;
}

describe.skipIf(!simBuilt)('nets of odd shapes', () => {
  const host = new Session({ ...SIM, device: 'host' });
  const card = new Session(SIM);
  afterAll(() => card.close());

  it('come to the same on the card as on the host, and to the same bits with and without reuse of memory', () => {
    let onCard = 0;
    for (let seed = 1; seed <= NETS; seed++) {
      const [truth, kept, reused] = [run(host, seed, true), run(card, seed, true), run(card, seed, false)];
      onCard += kept.onCard;
      const { ratio, where } = worst(truth, kept);
      expect(ratio, `net ${seed}, ${where}`).toBeLessThanOrEqual(1);
      for (const [name, values] of reused.values) expect(values, `net ${seed}, ${name}`).toEqual(kept.values.get(name));
    }
    expect(onCard).toBeGreaterThan(3 * NETS);
  }, 600_000);
});
