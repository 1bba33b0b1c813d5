import { dspPerMac } from '../cost/index.ts';
import type { Session } from '../executor/index.ts';
import { loadBoard } from '../kernels/index.ts';
import type { Net } from '../net/index.ts';
import { engineBits, type Level, levelName } from '../precision/index.ts';
import { modelPlan } from './model-plan.ts';

/** One level of a ladder on a board. Everything is modelled. */
export interface PlannedLevel {
  readonly level: string;
  readonly config: string;
  readonly element_bits: number;
  readonly dsp_per_mac: number;
  /** Cycles and time of the card's part of a step. */
  readonly cycles: number | null;
  readonly milliseconds: number | null;
  readonly utilisation: number | null;
}

/** What a step of the net is modelled to cost at every level. Opens no device; the session ends at the first level again. */
export function planLevels(net: Net, session: Session, ladder: readonly Level[]): PlannedLevel[] {
  const levels = ladder.map((level, i): PlannedLevel => {
    session.useLevel(i);
    const { manifest } = session;
    const bits = engineBits(level);
    const model = manifest && modelPlan(session.plan(net), net, manifest);
    return {
      level: levelName(level),
      config: manifest?.config ?? 'host',
      element_bits: bits,
      dsp_per_mac: manifest ? dspPerMac(bits, loadBoard(manifest.board)) : 0,
      cycles: model?.cycles ?? null,
      milliseconds: model && manifest ? model.cycles / (manifest.clockMHz * 1000) : null,
      utilisation: model?.utilisation ?? null,
    };
  });
  session.useLevel(0);
  return levels;
}
