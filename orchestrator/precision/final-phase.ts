/**
 * What follows the last switch: so many more epochs at the last level, the learning rate times `factor` after every `decayEvery` of
 * them; before it the rate is constant. MuPPET: 45 epochs, × 0.1 every 15.
 */
export interface FinalPhase {
  readonly epochs: number;
  readonly decayEvery: number;
  readonly factor: number;
}

export const MUPPET_FINAL: FinalPhase = { epochs: 45, decayEvery: 15, factor: 0.1 };

export interface Progress {
  /** Factor on the solver's base rate in this epoch. */
  readonly rate: number;
  /** This epoch is no longer part of the run. */
  readonly finished: boolean;
}

/** Where an epoch stands; `entered` is the first epoch of the last level, undefined before it. Counts epochs, compares no rates. */
export function finalProgress(phase: FinalPhase, entered: number | undefined, epoch: number): Progress {
  if (entered === undefined || epoch < entered) return { rate: 1, finished: false };
  const age = epoch - entered;
  const steps = Math.floor(Math.min(age, phase.epochs - 1) / phase.decayEvery);
  return { rate: phase.factor ** steps, finished: age >= phase.epochs };
}
