import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Session } from '../../orchestrator/executor/index.ts';
import { parseSolver } from '../../orchestrator/proto/index.ts';
import { checkSolver, Solver } from '../../orchestrator/solver/index.ts';
import { readValues } from './cases.ts';
import type { Outcome } from './layer-case.ts';

interface SolverTensor {
  readonly role: 'param' | 'history';
  readonly name?: string;
  readonly iter?: number;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly count: number;
}

/** Twenty recorded iterations of one solver setting. */
export interface SolverCase {
  readonly name: string;
  readonly solver: string;
  /** Short name: the folder's net_<net>.prototxt. */
  readonly net: string;
  readonly file: string;
  readonly iterations: number;
  readonly lr: readonly number[];
  readonly loss: readonly number[];
  readonly tensors: readonly SolverTensor[];
}

export function readSolverCases(folder: string): readonly SolverCase[] {
  return (JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as { cases: SolverCase[] }).cases;
}

/** Differences over their tolerances, the largest kept. */
class Tally {
  worst = 0;
  failure: string | undefined;

  add(what: string, got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void {
    for (let i = 0; i < want.length; i++) {
      const distance = Math.abs(got[i]! - want[i]!);
      const ratio = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : distance / tolerance;
      this.worst = Math.max(this.worst, ratio);
      if (ratio > 1)
        this.failure ??= `${what}[${i}] is ${got[i]}, reference ${want[i]}, tolerance ${tolerance.toExponential(1)}`;
    }
  }

  /** 1e-5 · maxabs + 1e-6, the bar of parameters and history. */
  addTensor(what: string, got: ArrayLike<number>, want: Float32Array): void {
    this.add(what, got, want, 1e-5 * want.reduce((most, v) => Math.max(most, Math.abs(v)), 0) + 1e-6);
  }
}

/** Trains a recorded case from its initial parameters. Never throws: what goes wrong is a failure with its text. */
export async function runSolverCase(golden: SolverCase, folder: string, session: Session): Promise<Outcome> {
  const { name } = golden;
  const type = 'Solver';
  const tally = new Tally();
  let solver: Solver | undefined;
  try {
    const settings = checkSolver(parseSolver(golden.solver, name), join(folder, 'solver.prototxt'));
    settings.param.net = `net_${golden.net}.prototxt`;
    const losses: number[] = [];
    const rates: number[] = [];
    solver = await Solver.create({
      settings,
      execute: (net, params) => session.execute(net, params),
      sinks: [
        (event) => {
          if (event.kind !== 'train') return;
          losses.push(event.loss);
          rates.push(event.lr);
        },
      ],
    });
    const { net, params } = solver.train;
    const values = readValues(folder, golden.file);
    const of = (t: SolverTensor) => values.subarray(t.offset, t.offset + t.count);
    const blob = (t: SolverTensor) => params.blobs[net.params.findIndex((p) => p.key === t.name)]!;
    const at = (iter: number) => golden.tensors.filter((t) => t.role === 'param' && t.iter === iter);
    for (const t of at(0)) blob(t).data.set(of(t));
    solver.train.parametersChanged();
    for (let i = 1; i <= golden.iterations; i++) {
      await solver.step(1);
      for (const t of at(i)) tally.addTensor(`${t.name} after ${i}`, blob(t).data, of(t));
    }
    tally.add('loss', losses, golden.loss, 1e-5);
    golden.lr.forEach((lr, i) => {
      tally.add(`rate ${i}`, [rates[i]!], [lr], 1e-6 * lr);
    });
    const history = golden.tensors.filter((t) => t.role === 'history');
    if (history.length !== solver.history.length) {
      tally.failure ??= `${solver.history.length} blobs of history, reference ${history.length}`;
    }
    history.forEach((t, i) => {
      tally.addTensor(`history ${i}`, solver!.history[i]?.data ?? [], of(t));
    });
  } catch (error) {
    tally.failure ??= (error as Error).message;
  } finally {
    solver?.close();
  }
  return tally.failure === undefined
    ? { name, type, verdict: 'passed', worst: tally.worst }
    : { name, type, verdict: 'failed', worst: tally.worst, reason: tally.failure };
}
