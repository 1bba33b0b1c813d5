import { existsSync, readFileSync } from 'node:fs';
import { buildNet, closeNet, createParams, type Net } from '../../net/index.ts';
import { type NetParameter, parseNet, printText, readSolverState, writeSolverState } from '../../proto/index.ts';
import { encodeModel, loadWeights, writeAtomically } from '../../snapshot/index.ts';
import type { RunState } from '../../solver/index.ts';

async function withNet<T>(text: NetParameter, file: string, use: (net: Net) => Promise<T>): Promise<T> {
  const net = buildNet(text, { phase: 'TRAIN', file });
  try {
    return await use(net);
  } finally {
    closeNet(net);
  }
}

/** `file`: where paths of the text count from. Writes `<path>.prototxt`, `<path>.caffemodel` and, with history, `<path>.solverstate`, as Caffe reads them. */
export async function writeCheckpoint(path: string, file: string, text: NetParameter, state: RunState): Promise<void> {
  await withNet(text, file, async (net) => {
    const params = createParams(net, 1);
    for (const { key, index } of net.params) params.blobs[index]!.data.set(state.weights.get(key)!);
    writeAtomically(`${path}.caffemodel`, await encodeModel(net, params, 'binary'));
    if (state.history) {
      const shapes = net.learnable.map((index) => net.params[index]!.shape);
      const history = state.history.map((data, i) => ({ shape: [...shapes[i % shapes.length]!], data }));
      const { iteration = 0, currentStep = 0 } = state;
      const stored = { iter: iteration, learned_net: `${path}.caffemodel`, current_step: currentStep, history };
      writeAtomically(`${path}.solverstate`, writeSolverState(stored));
    }
  });
  writeAtomically(`${path}.prototxt`, Buffer.from(printText(text)));
}

/** Reads what `writeCheckpoint` wrote. `withHistory`: the solver state too, where one was written. */
export async function readCheckpoint(
  path: string,
  file: string,
  withHistory: boolean,
): Promise<{ text: NetParameter; state: RunState }> {
  const prototxt = `${path}.prototxt`;
  const text = parseNet(readFileSync(prototxt), prototxt);
  const state = await withNet(text, file, async (net): Promise<RunState> => {
    const params = createParams(net, 1);
    await loadWeights(`${path}.caffemodel`, net, params);
    const weights = new Map(net.params.map(({ key, index }) => [key, params.blobs[index]!.data]));
    if (!withHistory || !existsSync(`${path}.solverstate`)) return { weights };
    const stored = readSolverState(readFileSync(`${path}.solverstate`), `${path}.solverstate`);
    const history = stored.history.map(({ data }) => Float32Array.from(data));
    return { weights, history, iteration: stored.iter, currentStep: stored.current_step };
  });
  return { text, state };
}
