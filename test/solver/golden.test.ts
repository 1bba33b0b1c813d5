import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildNet, type Net, type ParamSet } from '../../orchestrator/net/index.ts';
import { create, type NetParameter, parseNet, parseSolver } from '../../orchestrator/proto/index.ts';
import { checkSolver, Solver, type SolverNets } from '../../orchestrator/solver/index.ts';
import { ReferenceExecution } from '../net/reference-execution.ts';

const ALL = '../shared/golden/solvers';
// The repository keeps eight of the cases.
const GOLDEN = existsSync(`${ALL}/index.json`) ? ALL : 'test/golden/solvers';
if (GOLDEN !== ALL) console.log(`notice: ${ALL} is not there, the cases of ${GOLDEN} are run`);

interface TensorEntry {
  role: 'param' | 'history';
  index: number;
  name?: string;
  iter?: number;
  shape: number[];
  offset: number;
  count: number;
}
interface Case {
  name: string;
  net: string;
  solver: string;
  file: string;
  iterations: number;
  lr: number[];
  loss: number[];
  tensors: TensorEntry[];
}
const cases: Case[] = JSON.parse(readFileSync(`${GOLDEN}/index.json`, 'utf8')).cases;

interface Samples {
  [top: string]: { shape: number[]; data: Float32Array };
}

async function readSamples(): Promise<Samples> {
  const h5 = await import('h5wasm/node');
  const { FS } = await h5.ready;
  FS.writeFile('/train.h5', readFileSync(`${GOLDEN}/train.h5`));
  const file = new h5.File('/train.h5', 'r');
  const samples: Samples = {};
  for (const key of file.keys()) {
    const set = file.get(key) as { shape: number[]; value: ArrayLike<number> };
    samples[key] = { shape: set.shape, data: Float32Array.from(set.value) };
  }
  file.close();
  return samples;
}

/** Feeds the samples in order, wrapping inside a batch, into the Input layers that stand where the data layers stood. */
class Fed extends ReferenceExecution {
  private next = 0;
  private readonly samples: Samples;
  private readonly tops: readonly string[];
  private readonly batch: number;

  constructor(net: Net, params: ParamSet, samples: Samples, tops: readonly string[], batch: number) {
    super(net, params);
    this.samples = samples;
    this.tops = tops;
    this.batch = batch;
  }

  override forward(): number {
    for (const top of this.tops) {
      const { shape, data } = this.samples[top]!;
      const one = data.length / shape[0]!;
      for (let i = 0; i < this.batch; i++) {
        const from = ((this.next + i) % shape[0]!) * one;
        this.blob(top).data.set(data.subarray(from, from + one), i * one);
      }
    }
    this.next += this.batch;
    return super.forward();
  }
}

function withInput(net: NetParameter, samples: Samples): { net: NetParameter; tops: string[]; batch: number } {
  const source = net.layer.find((l) => l.type === 'HDF5Data')!;
  const batch = source.hdf5_data_param!.batch_size;
  const input = create('LayerParameter', {
    name: source.name,
    type: 'Input',
    top: source.top,
    input_param: { shape: source.top.map((top) => ({ dim: [batch, ...samples[top]!.shape.slice(1)] })) },
  });
  const layer = net.layer.map((l) => (l === source ? input : l));
  return { net: create('NetParameter', { name: net.name, layer }), tops: source.top, batch };
}

describe("Caffe's solver runs", () => {
  for (const c of cases) {
    it(c.name, async () => {
      const samples = await readSamples();
      const fed = withInput(parseNet(readFileSync(`${GOLDEN}/net_${c.net}.prototxt`), `net_${c.net}`), samples);
      const bytes = readFileSync(`${GOLDEN}/${c.file}`);
      const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      const of = (t: TensorEntry) => values.subarray(t.offset, t.offset + t.count);
      const losses: number[] = [];
      const rates: number[] = [];
      const nets: SolverNets = {
        train: { net: fed.net, file: 'net', phase: 'TRAIN', level: 0, stages: [] },
        tests: [],
      };
      const solver = await Solver.create({
        settings: checkSolver(parseSolver(c.solver, 'solver'), 'solver.prototxt'),
        nets,
        execute: (net, params) => new Fed(net, params, samples, fed.tops, fed.batch),
        sinks: [
          (event) => {
            if (event.kind !== 'train') return;
            losses.push(event.loss);
            rates.push(event.lr);
          },
        ],
      });
      const { net, params } = solver.train;
      const at = (iter: number) => c.tensors.filter((t) => t.role === 'param' && t.iter === iter);
      for (const t of at(0)) params.blobs[net.params.findIndex((p) => p.key === t.name)]!.data.set(of(t));
      const near = (got: Float32Array, want: Float32Array, what: string) => {
        const bound = 1e-5 * want.reduce((m, v) => Math.max(m, Math.abs(v)), 0) + 1e-6;
        let worst = 0;
        for (let i = 0; i < want.length; i++) worst = Math.max(worst, Math.abs(got[i]! - want[i]!));
        expect(worst, what).toBeLessThanOrEqual(bound);
      };
      for (let i = 1; i <= c.iterations; i++) {
        await solver.step(1);
        for (const t of at(i)) {
          near(params.blobs[net.params.findIndex((p) => p.key === t.name)]!.data, of(t), `${t.name} after ${i}`);
        }
      }
      expect(rates.length).toBe(c.iterations);
      c.lr.forEach((lr, i) => {
        expect(Math.abs(rates[i]! - lr)).toBeLessThanOrEqual(1e-6 * lr);
      });
      c.loss.forEach((loss, i) => {
        expect(Math.abs(losses[i]! - loss), `loss ${i}`).toBeLessThanOrEqual(1e-5);
      });
      const history = c.tensors.filter((t) => t.role === 'history');
      expect(solver.history.map((h) => h.shape)).toEqual(history.map((t) => t.shape));
      history.forEach((t, i) => {
        near(solver.history[i]!.data, of(t), `history ${i}`);
      });
      solver.close();
    });
  }
});

describe('a net without data', () => {
  it('is built without touching files', () => {
    const net = parseNet('layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 dim: 3 } } }', 'n');
    expect(buildNet(net, { phase: 'TRAIN' }).batch).toBe(2);
  });
});
