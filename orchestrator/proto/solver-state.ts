import { blobOf, type StoredBlob, toBlobProto } from './blob-proto.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { create } from './message.ts';

/** A solver's state (`.solverstate`): iterations done, weight file, position in stepvalue, and the update rule's history. */
export interface StoredState {
  readonly iter: number;
  readonly learned_net: string;
  readonly current_step: number;
  readonly history: readonly StoredBlob[];
}

export function readSolverState(bytes: Uint8Array, file = 'solverstate'): StoredState {
  const { iter, learned_net, current_step, history } = decode('SolverState', bytes, file);
  return {
    iter,
    learned_net,
    current_step,
    history: history.map((proto, i) => blobOf(proto, `${file}: history ${i}`)),
  };
}

/** The binary form, as Caffe writes it: `learned_net` only where there is one. */
export function writeSolverState(state: StoredState): Buffer {
  const { iter, learned_net, current_step, history } = state;
  const message = create('SolverState', { iter, current_step });
  if (learned_net) message.learned_net = learned_net;
  message.history = history.map(toBlobProto);
  return encode('SolverState', message);
}
