import type { Command } from '../device/index.ts';
import type { Pass, Step } from '../plan/index.ts';

/** What one step cost, as the run saw it. Milliseconds; device times come from the card's own clock. */
export interface StepTime {
  readonly layer: number;
  readonly kind: Step['kind'];
  readonly pass: Pass | 'backward-data' | 'backward-weights';
  /** Milliseconds since the execution began. */
  readonly start: number;
  /** The step's own work on the host: native code and the JavaScript around it. */
  readonly hostMs: number;
  /** Waiting for what it reads from the card, before it. */
  readonly waitMs: number;
  readonly commands: readonly Command[];
}

/** A transfer that some step caused. */
export interface TransferTime {
  readonly label: string;
  readonly direction: 'to' | 'from';
  readonly bytes: number;
  readonly command: Command;
}

/** Receives what an execution does; a run without one pays nothing for it. */
export interface Observer {
  /** Only while it is, clocks are read and steps are told. */
  readonly active: boolean;
  step(time: StepTime): void;
  transfer(time: TransferTime): void;
}
