import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildNet, createParams } from '../../orchestrator/net/index.ts';
import { parseNet } from '../../orchestrator/proto/index.ts';
import { decodeState, decodeWeights, encodeModel, loadWeights } from '../../orchestrator/snapshot/index.ts';

const INTEROP = '../shared/golden/interop';
const there = existsSync(`${INTEROP}/snapshots.json`);
if (!there) console.log(`notice: ${INTEROP} is not there, its cases are skipped`);

interface Nd {
  shape: number[];
  data: number[];
}
interface Case {
  iter: number;
  caffemodel: string;
  solverstate: string;
  params: Record<string, Nd>;
  history: Nd[];
}
const cases: Record<string, Case> = there ? JSON.parse(readFileSync(`${INTEROP}/snapshots.json`, 'utf8')) : {};

describe.skipIf(!there)("Caffe's snapshots", () => {
  const net = () =>
    buildNet(parseNet(readFileSync(`${INTEROP}/tiny.prototxt`), 'tiny.prototxt'), {
      phase: 'TRAIN',
      file: 'tiny.prototxt',
    });

  for (const [name, c] of Object.entries(cases)) {
    it(`${name}: the solver state is read`, async () => {
      const path = `${INTEROP}/${c.solverstate}`;
      const state = await decodeState(readFileSync(path), path);
      expect(state.iter).toBe(c.iter);
      expect(state.learned_net).toContain(c.caffemodel);
      expect(state.history.map((h) => h.shape)).toEqual(c.history.map((h) => h.shape));
      state.history.forEach((h, i) => {
        expect([...h.data]).toEqual(c.history[i]!.data.map(Math.fround));
      });
    });

    it(`${name}: the weights are read, written and read again`, async () => {
      const target = net();
      const params = createParams(target, 1);
      await loadWeights(`${INTEROP}/${c.caffemodel}`, target, params);
      const check = () => {
        for (const [key, want] of Object.entries(c.params)) {
          const index = target.params.findIndex((p) => p.key === key);
          expect([...params.blobs[index]!.data]).toEqual(want.data.map(Math.fround));
        }
      };
      check();
      for (const format of ['binary', 'hdf5'] as const) {
        const bytes = await encodeModel(target, params, format);
        const again = await decodeWeights(bytes, 'again', target);
        for (const layer of again.layers) {
          layer.blobs.forEach((blob, slot) => {
            const index = target.params.findIndex((p) => p.key === `${layer.name}[${slot}]`);
            expect([...blob!.data]).toEqual([...params.blobs[index]!.data]);
            expect(blob!.shape).toEqual(target.params[index]!.shape);
          });
        }
      }
    });
  }

  it('a model in place of a state, and the other way round, is told apart', async () => {
    const { caffemodel, solverstate } = cases['tiny_sgd']!;
    const hdf5 = cases['tiny_sgd_h5']!.caffemodel;
    await expect(decodeState(readFileSync(`${INTEROP}/${caffemodel}`), 'x')).rejects.toThrow(
      /caffemodel, not a solver state/,
    );
    await expect(decodeState(readFileSync(`${INTEROP}/${hdf5}`), 'x')).rejects.toThrow(/caffemodel/);
    await expect(decodeWeights(readFileSync(`${INTEROP}/${solverstate}`), 'x', net())).rejects.toThrow(/solver state/);
  });
});
