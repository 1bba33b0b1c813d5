import type { Span } from './errors.ts';

/** Origin of a figure a user sees. Emulation never claims card time. */
export type Provenance = 'measured' | 'simulated' | 'modelled';

/** What a run tells its sinks (log, NDJSON, CSV, report). `time` is milliseconds since the run began. */
export type RunEvent =
  | { kind: 'start'; time: number; config: Record<string, unknown> }
  | { kind: 'notice'; time: number; message: string; span?: Span }
  | {
      kind: 'net';
      time: number;
      phase: string;
      index: number;
      layers: { name: string; type: string; place: string; reason: string }[];
    }
  | {
      kind: 'train';
      time: number;
      iteration: number;
      loss: number;
      smoothedLoss: number;
      lr: number;
      outputs: Output[];
      imagesPerSecond: number;
      deviceBusy: number;
      /** The solver's `display` falls on this iteration; outputs are given only then. */
      display: boolean;
    }
  | { kind: 'debug'; time: number; iteration: number; lines: string[] }
  | { kind: 'test-start'; time: number; iteration: number; net: number }
  | {
      kind: 'test';
      time: number;
      iteration: number;
      net: number;
      outputs: Output[];
      loss: number | undefined;
      lr: number;
    }
  | {
      /** A precision policy looked at an epoch. */
      kind: 'precision';
      time: number;
      iteration: number;
      epoch: number;
      /** Index and name of the level from the next iteration on. */
      level: number;
      name: string;
      switched: boolean;
      /** D, p, T and violations of MuPPET, where the policy evaluated any. */
      evaluation: { diversity: number; ratio: number; threshold: number; violations: number } | undefined;
      /** One line that says all of it. */
      line: string;
      /** Set with a switch: the bitstream that computes from now on, and what loading it took (0: it was loaded). */
      change: { config: string; reloads: boolean; milliseconds: number } | undefined;
    }
  | { kind: 'snapshot'; time: number; iteration: number; model: string; state: string }
  | {
      kind: 'span';
      time: number;
      track: 'host' | 'transfer' | 'device';
      name: string;
      start: number;
      duration: number;
      bytes?: number;
    }
  | { kind: 'end'; time: number; iteration: number; reason: string; summary: Record<string, unknown> };

/** One element of a net output, as Caffe prints it. */
export interface Output {
  readonly index: number;
  readonly blob: string;
  readonly value: number;
  readonly lossWeight: number;
}

export type EventSink = (event: RunEvent) => void;
