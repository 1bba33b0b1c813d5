import type { Provenance } from '../core/index.ts';
import type { Session, SessionSettings } from '../executor/index.ts';
import { decodePrecision } from '../precision/index.ts';
import type { Experiment } from './experiment.ts';

/** What an experiment says of where its nets run. Throws input errors of its precision settings. */
export function sessionSettings(e: Experiment): SessionSettings {
  const { device, board, config, xclbin, memory, threads, deadline, placement } = e;
  const precision = decodePrecision(e);
  return { device, board, config, xclbin, memory, threads, deadline, precision, ...(placement && { placement }) };
}

/** Where figures of a session come from: `simulated` where the emulated card took part, else `measured`. */
export const provenanceOf = ({ device }: Session): Provenance => (device?.emulated ? 'simulated' : 'measured');
