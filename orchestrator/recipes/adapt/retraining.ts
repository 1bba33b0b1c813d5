import { MemoryLedger, withSource } from '../../adapt/index.ts';
import { Session } from '../../executor/index.ts';
import { create, type NetParameter } from '../../proto/index.ts';
import { checkSolver, Solver } from '../../solver/index.ts';
import { stepMemory } from './head.ts';

/**
 * Memory of retraining the whole net as its text says, in batches of `batch`: one step is run on the host and what it allocated is
 * counted, by the same counters as the head's. Data layers' own buffers are left out on both sides.
 */
export async function retrainingMemory(
  text: NetParameter,
  file: string,
  source: string,
  batch: number,
  momentum: number,
): Promise<MemoryLedger> {
  const session = new Session({ device: 'host', board: '', config: '' });
  const param = create('SolverParameter', { base_lr: 0, momentum, lr_policy: 'fixed', snapshot_after_train: false });
  const net = withSource(text, source, batch);
  const solver = await Solver.create({
    settings: checkSolver(param, file),
    nets: { train: { net, file, phase: 'TRAIN', level: 0, stages: [] }, tests: [] },
    seed: 1,
    execute: (built, params) => session.execute(built, params),
  });
  try {
    await solver.step(1);
    const memory = new MemoryLedger();
    const figures = stepMemory(solver);
    const sources = solver.train.net.layers.filter((l) => l.type.isSource);
    const records = sources.reduce((sum, l) => sum + (l.layer.privateBytes?.() ?? 0), 0);
    memory.hold({ ...figures, layers: figures.layers - records });
    return memory;
  } finally {
    solver.close();
    session.close();
  }
}
